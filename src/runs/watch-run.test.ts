import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRun, openRun } from './run-folder.ts';
import { startWith } from './testing/starts.ts';
import { watchRun } from './watch-run.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'bgb-watch-'));
  folder = join(parent, 'run');
});
afterEach(async () => rm(parent, { recursive: true }));

const options = (signal = new AbortController().signal) => ({ everyMs: 5, now: () => new Date(), signal });

/** A run in a process of its own, which counts steps until it is killed. */
async function startCounting(lastStep: number) {
  const trainer = fileURLToPath(new URL('./testing/train-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [trainer, folder, String(lastStep)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

test('a run is followed until it has finished', async () => {
  await startCounting(60);
  let last: number[] = [];
  for await (const { status, curves } of watchRun(folder, options())) {
    last = curves.loss.map(({ x }) => x);
    expect(['starting', 'running', 'finished']).toContain(status.state);
    if (status.state === 'finished') expect(status.step).toBe(60);
  }
  // What was written after the last look but one is told, too.
  expect(last).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  for await (const { status, curves } of watchRun(folder, { ...options(), hasCurves: false })) {
    expect(status).toMatchObject({ state: 'finished', step: 60 });
    expect(curves.loss).toEqual([]);
  }
});

test('a run that is killed while it is watched ends the watching', async () => {
  const child = await startCounting(100_000_000);
  const states = new Set<string>();
  for await (const { status, curves } of watchRun(folder, options())) {
    states.add(status.state);
    if (curves.loss.length > 5) child.kill('SIGKILL');
  }
  expect([...states].at(-1)).toBe('killed');
  expect(states).toContain('running');
});

test('a run that is resumed while it is watched tells its steps once', async () => {
  const first = await createRun(folder, startWith());
  for (let step = 1; step <= 5; step++) first.events.append('step', step, { loss: step });
  const watching = watchRun(folder, options());
  const steps = async () => (await watching.next()).value!.curves.loss;
  expect(await steps()).toHaveLength(5);
  await first.close();
  await using again = await openRun(folder, startWith());
  for (let step = 1; step <= 8; step++) again.events.append('step', step, { loss: 10 * step });
  expect(await steps()).toEqual(Array.from({ length: 8 }, (_, i) => ({ x: i + 1, y: 10 * (i + 1) })));
});

test('who no longer watches gets no further look', async () => {
  await using _run = await createRun(folder, startWith());
  const controller = new AbortController();
  let looks = 0;
  for await (const { status } of watchRun(folder, options(controller.signal))) {
    expect(status.state).toBe('starting');
    if (++looks === 3) controller.abort();
  }
  expect(looks).toBe(3);
});
