import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRun } from './run-folder.ts';
import { stopRun } from './stop-run.ts';
import { startWith } from './testing/starts.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'bgb-stop-'));
  folder = join(parent, 'run');
});
afterEach(async () => rm(parent, { recursive: true }));

/** Stops the run; `asked` says whether its process was asked. */
async function stop(waitS: number, signal = new AbortController().signal) {
  let asked = false;
  const status = await stopRun(folder, {
    waitS,
    now: () => new Date(),
    onAsked: () => {
      asked = true;
    },
    signal,
  });
  return { asked, state: status.state };
}

test('a run that is not running is left alone', async () => {
  await (await createRun(folder, startWith())).finish(1, {});
  expect(await stop(60)).toEqual({ asked: false, state: 'finished' });
});

test('one of another machine is refused, and nothing is signalled', async () => {
  await using _run = await createRun(folder, startWith());
  const lock = join(folder, 'run.lock');
  const held = JSON.parse(await readFile(lock, 'utf8'));
  await writeFile(lock, JSON.stringify({ ...held, machine: 'another', at: new Date().toISOString() }));
  // This very process would end.
  await expect(stop(60)).rejects.toMatchObject({ code: 'RUN_ELSEWHERE' });
});

test('the process that writes it is asked with SIGTERM; how long to wait is up to the caller', async () => {
  const trainer = fileURLToPath(new URL('./testing/train-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [trainer, folder, '100000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGSTOP');
    const asked = { asked: true, state: expect.stringMatching(/^(starting|running)$/) };
    expect(await stop(0)).toEqual(asked);
    expect(await stop(0.3)).toEqual(asked);
    expect(await stop(60, AbortSignal.timeout(300))).toEqual(asked);
    child.kill('SIGCONT');
    expect(await end).toBe('SIGTERM');
    // This trainer does not listen, and dies of it without a word.
    expect(await stop(60)).toEqual({ asked: false, state: 'killed' });
  } finally {
    child.kill('SIGKILL');
  }
});
