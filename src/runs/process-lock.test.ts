import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { ProcessLock } from './process-lock.ts';

let folder: string;
let path: string;
let heartbeatPath: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-lock-'));
  path = join(folder, 'run.lock');
  heartbeatPath = join(folder, 'heartbeat.json');
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  await rm(folder, { recursive: true });
});

const now = new Date('2025-06-01T12:00:00Z');
const acquire = () => ProcessLock.acquire(path, { now, heartbeatPath });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Starts a process that takes the lock, and gives its first line. */
async function holdElsewhere(): Promise<{ child: ChildProcess; said: string }> {
  const script = new URL('testing/hold-lock.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, path, heartbeatPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said = await new Promise<string>((resolve) =>
    child.stdout!.once('data', (data) => resolve(String(data))),
  );
  return { child, said };
}

async function refusal(): Promise<string> {
  const error = await acquire().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).code).toBe('RUN_LOCKED');
  return (error as InputError).message;
}

test('a second holder is refused, in this process and from another, until the first lets go', async () => {
  const lock = await acquire();
  expect(lock.notice).toBeNull();
  expect(await refusal()).toContain(
    `is being written by process ${process.pid} since 2025-06-01T12:00:00.000Z`,
  );
  await lock.release();
  const { child, said } = await holdElsewhere();
  expect(said).toBe('held\n');
  expect(await refusal()).toContain(`process ${child.pid}`);
});

test('the lock of a killed process is taken over with a notice', async () => {
  const { child } = await holdElsewhere();
  await end(child);
  await using lock = await acquire();
  expect(lock.notice).toContain(`Process ${child.pid}, which held it since 20`);
  expect(await readdir(folder)).toEqual(['run.lock']);
});

test('a process that has been given the number of the holder does not hold the lock', async () => {
  await using first = await acquire();
  const text = await readFile(path, 'utf8');
  await writeFile(path, JSON.stringify({ ...JSON.parse(text), process_started: '1' }));
  await using second = await acquire();
  expect(second.notice).not.toBeNull();
  expect([await first.isHeld(), await second.isHeld()]).toEqual([false, true]);
  await first.release();
  expect(await second.isHeld()).toBe(true);
});

test('on another machine the heartbeat tells whether the holder lives', async () => {
  await using _first = await acquire();
  const text = await readFile(path, 'utf8');
  const at = (secondsAgo: number) => new Date(now.getTime() - secondsAgo * 1000).toISOString();
  const cases: [heldS: number, beat: object | null, isAlive: boolean][] = [
    [100, null, true],
    [130, null, false],
    [1000, { at: at(50), interval_s: 10, stopped: false }, true],
    [1000, { at: at(70), interval_s: 10, stopped: false }, false],
    [1000, { at: at(5), interval_s: 10, stopped: true }, false],
    [100, { at: at(500), interval_s: 10, stopped: true }, true],
  ];
  for (const [heldS, beat, isAlive] of cases) {
    await writeFile(path, JSON.stringify({ ...JSON.parse(text), machine: 'elsewhere', at: at(heldS) }));
    await rm(heartbeatPath, { force: true });
    if (beat) await writeFile(heartbeatPath, JSON.stringify(beat));
    if (isAlive) await refusal();
    else await (await acquire()).release();
  }
});

test('a lock that is not one is taken over', async () => {
  await writeFile(path, '{"pid":');
  await using lock = await acquire();
  expect(lock.notice).toContain('A process ended without releasing its lock');
});

test('a takeover that was itself cut short is repeated', async () => {
  await writeFile(path, '');
  await writeFile(`${path}.takeover`, '');
  await utimes(`${path}.takeover`, 0, 0);
  await using _lock = await acquire();
  expect(await readdir(folder)).toEqual(['run.lock']);
});

test('of many that find the lock of an ended process at once, exactly one gets it', async () => {
  const lock = await acquire();
  const text = await readFile(path, 'utf8');
  await lock.release();
  for (let round = 0; round < 40; round++) {
    await writeFile(path, JSON.stringify({ ...JSON.parse(text), process_started: '1' }));
    const results = await Promise.allSettled(Array.from({ length: 12 }, acquire));
    const taken = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(taken).toHaveLength(1);
    expect(await taken[0]!.isHeld()).toBe(true);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'RUN_LOCKED' });
    }
    await taken[0]!.release();
    expect(await readdir(folder)).toEqual([]);
  }
});

test('of several processes that find the lock of an ended one, exactly one gets it', async () => {
  for (let round = 0; round < 2; round++) {
    const { child } = await holdElsewhere();
    await end(child);
    const said = (await Promise.all(Array.from({ length: 5 }, holdElsewhere))).map((other) => other.said);
    expect(said.filter((line) => line === 'held\n')).toHaveLength(1);
    expect(said.filter((line) => line.includes('is being written by process'))).toHaveLength(4);
    for (const other of children.splice(0)) await end(other);
    await rm(path);
  }
});
