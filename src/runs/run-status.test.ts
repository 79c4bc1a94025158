import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRun, listRuns } from './list-runs.ts';
import { createRun, openRun, type Run } from './run-folder.ts';
import { readRunStatus, stateOf } from './run-status.ts';
import { startWith } from './testing/starts.ts';
import { stateAt, tensorsFilledWith } from './testing/states.ts';

let results: string;
let folder: string;
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), 'bgb-status-'));
  folder = join(results, 'a-run');
});
afterEach(async () => rm(results, { recursive: true }));

const NOW = new Date('2025-01-01T00:10:00Z');
const status = () => readRunStatus(folder, NOW);

const step = (run: Pick<Run, 'events'>, at: number) =>
  run.events.append('step', at, {
    loss: 1 / at,
    windows_per_s: 20,
    waiting_share: 0.25,
    gpu_utilisation: null,
  });

async function saveLast(run: Run, at: number, best: number): Promise<void> {
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(at);
  const loop = { progress: { best, withoutImprovement: 0 }, metrics: { auroc: 0.7 } };
  await run.saveCheckpoint('last', { tensors: tensorsFilledWith(at), state: { ...state, loop } });
}

test('from start to finish', async () => {
  await using run = await createRun(folder, startWith());
  expect(await status()).toMatchObject({
    state: 'starting',
    step: 0,
    steps: 10,
    epoch: 0,
    epochs: 2,
    metric: null,
  });
  for (let at = 1; at <= 6; at++) step(run, at);
  await saveLast(run, 6, 0.8);
  expect(await status()).toMatchObject({
    state: 'running',
    name: 'a-run',
    step: 6,
    epoch: 1,
    metric: { name: 'auroc', value: 0.8, isBest: true },
    recent: { loss: 1 / 6, windowsPerS: 20, waitingShare: 0.25, gpuUtilisation: null },
    process: { pid: process.pid, isHere: true, isAlive: true },
  });
  run.events.append('stopped', 6, { signal: 'SIGTERM' });
  expect(await status()).toMatchObject({ state: 'stopping', reason: 'SIGTERM' });
  await run.close();
  expect(await status()).toMatchObject({ state: 'stopped', reason: 'SIGTERM', process: null });
  await using again = await openRun(folder, startWith());
  expect(await status()).toMatchObject({ state: 'running', step: 6 });
  await again.finish(10, {});
  expect(await status()).toMatchObject({ state: 'finished', step: 10, steps: 10 });
});

test('a run that was aborted says why, and so does one that met an error', async () => {
  await (await createRun(folder, startWith())).abort(3, 'loss was not finite');
  expect(await status()).toMatchObject({ state: 'failed', reason: 'loss was not finite', step: 3 });
});

test('killed: the process is gone and its lock is there', async () => {
  const trainer = fileURLToPath(new URL('./testing/train-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [trainer, folder, '100000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect((await status()).process).toMatchObject({ pid: child.pid, isAlive: true });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(await status()).toMatchObject({ state: 'killed', process: null });
  await writeFile(join(folder, 'remote.json'), '{"where": "cloud"}');
  expect(await status()).toMatchObject({ state: 'unknown', remote: 'cloud' });
});

test('the log is read from its end, however long it is, and a torn line does not matter', async () => {
  await using run = await createRun(folder, startWith());
  step(run, 1);
  const events = join(folder, 'events.jsonl');
  const text = await readFile(events, 'utf8');
  const line = (at: number) => text.replace('"step":1,', `"step":${at},`);
  await appendFile(events, Array.from({ length: 20_000 }, (_, at) => line(at + 1)).join(''));
  await appendFile(events, line(20_001).slice(0, 40));
  expect(await status()).toMatchObject({ step: 20_000, state: 'running' });
});

test('a run of an earlier version: how long it is follows from its configuration and data set', async () => {
  await using run = await createRun(folder, startWith());
  run.events.append('data_set', 0, { partial_seizure: 10, full_seizure: 3, no_seizure: 25 });
  await rm(join(folder, 'fingerprint.json'));
  const training =
    'training: {epochs: 4, batch_size: 4, gradient_accumulation_steps: 2, early_stopping: null}';
  await writeFile(join(folder, 'config.yaml'), `${training}\nexperiment: {name: old}\n`);
  // 38 windows in steps of 8 are 5 steps an epoch.
  expect(await status()).toMatchObject({ steps: 20, epochs: 4, metric: null });
  await writeFile(join(folder, 'config.yaml'), 'nothing');
  expect(await status()).toMatchObject({ steps: null, epochs: null });
});

test.each([
  [{ isFinished: true, holder: null }, 'finished'],
  [{ holder: { isAlive: true } }, 'running'],
  [{ holder: { isAlive: false } }, 'killed'],
  [{ holder: null }, 'failed'],
  [{ holder: null, isRemote: true }, 'unknown'],
  [{ holder: { isAlive: true }, isRemote: true }, 'running'],
])('%j is %s', (given, state) => {
  const last = { seq: 3, at: '2025', kind: 'epoch', step: 3 };
  expect(stateOf({ isFinished: false, isRemote: false, last, ...given }).state).toBe(state);
});

describe('finding runs', () => {
  test('at and below a folder, the newest first; damaged ones apart', async () => {
    for (const [name, at] of [
      ['old', '2024'],
      ['sweep/new', '2026'],
      ['broken', '2025'],
    ] as const) {
      const start = { ...startWith(), now: () => new Date(`${at}-01-01T00:00:00Z`) };
      await (await createRun(join(results, name), start)).close();
    }
    await mkdir(join(results, 'no-run/checkpoints'), { recursive: true });
    await writeFile(join(results, 'broken/run.json'), '{}');
    const { runs, damaged } = await listRuns(results, NOW);
    expect(runs.map(({ name }) => name)).toEqual(['new', 'old']);
    expect(damaged).toEqual([
      expect.objectContaining({ name: 'broken', problem: expect.stringContaining('run.json') }),
    ]);
    expect((await listRuns(join(results, 'old'), NOW)).runs).toHaveLength(1);
    await expect(listRuns(join(results, 'nowhere'), NOW)).rejects.toMatchObject({ code: 'RUNS_FOLDER' });
  });

  test('by folder, by name, by the end of the path', async () => {
    for (const name of ['a/run', 'b/run', 'b/other'])
      await (await createRun(join(results, name), startWith())).close();
    const a = join(results, 'a/run');
    expect(await findRun(a, 'nowhere')).toBe(a);
    expect(await findRun('other', results)).toBe(join(results, 'b/other'));
    expect(await findRun('a/run', results)).toBe(a);
    await expect(findRun('run', results)).rejects.toMatchObject({ code: 'RUN_AMBIGUOUS' });
    await expect(findRun('ru', results)).rejects.toThrow(/ru is no run.*Runs in .*: run, other, run/);
  });
});
