import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Beat, Heartbeat } from './heartbeat.ts';

const root = new URL('../../', import.meta.url).pathname;
let folder: string;
let path: string;
const failures: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-heartbeat-'));
  path = join(folder, 'heartbeat.json');
  failures.length = 0;
});
afterEach(async () => rm(folder, { recursive: true }));

const start = (intervalS: number) =>
  Heartbeat.start({ path, intervalS, onFailure: (message) => failures.push(message) });

const beatOf = async (): Promise<Beat> => JSON.parse(await readFile(path, 'utf8'));

/** Blocks this thread, as a call into libtorch does: no timer and no callback runs. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('it beats while the main thread is blocked, with the step left in shared memory', async () => {
  await using heartbeat = await start(0.05);
  const before = await beatOf();
  expect(before).toMatchObject({ pid: process.pid, step: 0, epoch: 0, interval_s: 0.05, stopped: false });
  heartbeat.update(1234, 5);
  // The event loop of this thread does not turn once until the beat is there; it would come in 50 ms.
  let after = before;
  while (after.step !== 1234) {
    block(20);
    after = JSON.parse(readFileSync(path, 'utf8'));
  }
  expect(after).toMatchObject({ step: 1234, epoch: 5, activity: 'training', stopped: false });
  expect(after.monotonic_s).toBeGreaterThan(before.monotonic_s);
  expect(Date.parse(after.at)).toBeGreaterThan(Date.parse(before.at));
});

// It would wait for an hour, and meet the test's time limit, if it waited for its interval.
test('stopping ends it at once, with a last beat that says so', async () => {
  const heartbeat = await start(3600);
  heartbeat.update(7, 1);
  heartbeat.enter('evaluating');
  await heartbeat.stop();
  await heartbeat.stop();
  expect(await beatOf()).toMatchObject({ step: 7, epoch: 1, activity: 'evaluating', stopped: true });
  expect(await readdir(folder)).toEqual(['heartbeat.json']);
  expect(failures).toEqual([]);
});

test('a file that cannot be written is an error at the start, and a report later', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(
    Heartbeat.start({ path: join(file, 'heartbeat.json'), intervalS: 1, onFailure: () => undefined }),
  ).rejects.toThrow(/^Cannot write .*heartbeat.json: /);

  await using _heartbeat = await start(0.02);
  await rm(folder, { recursive: true });
  await writeFile(folder, '');
  await expect.poll(() => failures.length).toBeGreaterThan(0);
  expect(failures[0]).toMatch(/^Cannot write .*heartbeat.json: /);
});

test('it does not keep the process alive, and stopping it keeps it alive until it has stopped', async () => {
  const script = new URL('testing/beat-and-end.ts', import.meta.url).pathname;
  const ended = spawnSync(process.execPath, [script, path], { timeout: 20_000, encoding: 'utf8' });
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(await beatOf()).toMatchObject({ stopped: false });
  const stopped = spawnSync(process.execPath, [script, path, 'stop'], { timeout: 20_000, encoding: 'utf8' });
  expect(stopped).toMatchObject({ status: 0, stderr: '' });
  expect(await beatOf()).toMatchObject({ stopped: true });
});

test('it says on standard error what takes long, while the main thread is blocked', () => {
  const script = new URL('testing/beat-and-block.ts', import.meta.url).pathname;
  const ended = spawnSync(process.execPath, [script, path], { timeout: 60_000, encoding: 'utf8' });
  expect(ended.status).toBe(0);
  expect(ended.stderr).toMatch(/^(bgb is alive: step 8 is still running, for \d+ s now\n)+/);
  expect(ended.stderr).toMatch(/bgb is alive: still evaluating after step 7, for \d+ s now\n/);
});

test('it works when built to JavaScript', async () => {
  const script = join(folder, 'dist', 'runs', 'testing', 'beat-and-end.js');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = `--ignoreConfig --outDir ${join(folder, 'dist')} --rootDir ${join(root, 'src')} --target esnext
    --module nodenext --types node --typeRoots ${join(root, 'node_modules/@types')} --strict --skipLibCheck
    --allowImportingTsExtensions --rewriteRelativeImportExtensions`;
  const sources = ['heartbeat-worker.ts', 'testing/beat-and-end.ts'].map((name) =>
    join(root, 'src/runs', name),
  );
  const compiled = spawnSync(process.execPath, [compiler, ...options.split(/\s+/), ...sources], {
    encoding: 'utf8',
    cwd: root,
  });
  expect(compiled).toMatchObject({ status: 0, stdout: '' });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const ended = spawnSync(process.execPath, [script, path, 'stop'], { timeout: 20_000, encoding: 'utf8' });
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(await beatOf()).toMatchObject({ step: 0, stopped: true });
});
