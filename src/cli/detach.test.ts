// Trainings that outlive their terminal, in real processes: a terminal that is really closed, stop, attach.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRunStatus, stopRun } from '../runs/index.ts';
import { isTogetherPossible } from '../torch/index.ts';
import { buildSampleCache } from '../train/testing/sample-cache.ts';
import { shellWord } from '../words.ts';
import { detachedText } from './detached-texts.ts';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-detach-'));
const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const SMOKE = path('configs/local/smoke.yaml');
const cache = join(folder, 'cache');
const written = catchWrites();

beforeAll(() => buildSampleCache(cache));
afterAll(async () => {
  // A test that failed may have left its run.
  for (const name of readdirSync(folder).filter((each) => existsSync(join(folder, each, 'run.lock'))))
    await stopRun(join(folder, name), {
      waitS: 60,
      now: () => new Date(),
      onAsked: () => undefined,
      signal: new AbortController().signal,
    });
  rmSync(folder, { recursive: true });
});

/** Epochs of four steps. */
function parameters(run: string, more: readonly string[]): string[] {
  const set = [
    `data.cache_dir=${cache}`,
    'data.max_samples=32',
    `experiment.output_dir=${join(folder, run)}`,
    'resources.threads=1',
  ];
  return ['train', SMOKE, ...set.flatMap((value) => ['--set', value]), ...more];
}

const trainWords = (run: string, ...more: string[]) => [
  process.execPath,
  path('src/cli/main.ts'),
  ...parameters(run, more),
];

/** With this process as the one that starts the training. */
async function startHere(
  words: readonly string[],
): Promise<{ code: number; output: string; errors: string }> {
  Object.assign(written, { output: '', errors: '' });
  const code = await runProgram(words);
  return { code, ...written };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      output += text.toString();
    });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const run = (words: readonly string[]) =>
  ended(spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] }));
const bgb = (...words: string[]) => run([process.execPath, path('src/cli/main.ts'), ...words]);
const status = (name: string) => readRunStatus(join(folder, name), new Date());

/** A terminal with a shell in it that runs this; until it is closed, the shell waits. */
function openTerminal(words: readonly string[]): ChildProcess {
  const line = `${words.map(shellWord).join(' ')}; echo shell waits; sleep 1000`;
  return spawn('script', ['-qefc', line, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** As when its window is closed: what holds the terminal is gone, and the kernel hangs up (SIGHUP) its session. */
async function close(terminal: ChildProcess): Promise<void> {
  const end = new Promise((resolve) => terminal.once('exit', resolve));
  terminal.kill('SIGKILL');
  await end;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}

function last(name: string): { tensors: { sha256: string }; state: { step: number } } {
  return JSON.parse(readFileSync(join(folder, name, 'checkpoints/last.json'), 'utf8'));
}

const lastTensors = (name: string) => last(name).tensors.sha256;
const lastStep = (name: string) => last(name).state.step;

test('a detached training goes on when its terminal is closed, to the same weights; another one is saved by that', async () => {
  expect((await startHere(parameters('whole', []))).code).toBe(0);

  const terminal = openTerminal(trainWords('detached', '--detach'));
  let shown = '';
  terminal.stdout!.on('data', (text: Buffer) => {
    shown += text.toString();
  });
  await until(() => shown.includes('shell waits'));
  expect(shown).toContain('it goes on when this terminal is closed');
  expect(await status('detached')).toMatchObject({ process: { isAlive: true, isHere: true } });
  await close(terminal);
  await until(async () => (await status('detached')).process === null);
  expect(await status('detached')).toMatchObject({ state: 'finished', step: 8 });
  expect(lastTensors('detached')).toBe(lastTensors('whole'));

  const other = openTerminal(trainWords('attached', '--set', 'training.epochs=1000'));
  await until(() => existsSync(join(folder, 'attached/run.json')));
  await until(async () => (await status('attached')).step > 0);
  await close(other);
  await until(async () => (await status('attached')).process === null);
  expect(await status('attached')).toMatchObject({ state: 'stopped', reason: 'SIGHUP' });
  expect(lastStep('attached')).toBe((await status('attached')).step);
});

test('stop saves first and says so, attach and watch end with the run; stopped twice it is no error', async () => {
  const started = await startHere(
    parameters('long', ['--set', 'training.epochs=1000', '--detach', '--json']),
  );
  expect(started.code).toBe(0);
  const { pid, folder: where } = JSON.parse(started.output);
  expect(where).toBe(join(folder, 'long'));
  expect((await status('long')).process!.pid).toBe(pid);
  const attached = bgb('attach', where);
  const watched = bgb('watch', where, '--interval', '0.2');
  await until(async () => (await status('long')).step >= 4);
  const stopped = await bgb('stop', 'long', '--in', folder);
  expect(stopped).toMatchObject({
    code: 0,
    output: expect.stringMatching(/long was stopped by SIGTERM at step \d+ and is saved\..*--resume/),
  });
  expect(await attached).toMatchObject({
    code: 143,
    output: expect.stringMatching(/INFO {5}.*\n[\s\S]*SIGTERM: saved at step \d+/),
  });
  expect(await watched).toMatchObject({
    code: 143,
    output: expect.stringMatching(
      / running {2}\d+\/4000 {2}0 % {2}epoch \d+\/1000 .*\n[\s\S]*stopped \(SIGTERM\)/,
    ),
  });
  expect(lastStep('long')).toBe((await status('long')).step);
  expect(await bgb('stop', where)).toMatchObject({
    code: 0,
    output: expect.stringContaining('was stopped by SIGTERM'),
  });
});

test('what cannot start says why, with its own exit code, and leaves nothing', async () => {
  const noCache = ['--set', `data.cache_dir=${join(folder, 'no-cache')}`, '--detach'];
  expect(await startHere(parameters('sweep/no', noCache))).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^bgb: .*no-cache.* holds no cache entries/),
  });
  expect(existsSync(join(folder, 'sweep'))).toBe(false);
  const nowhere = ['--set', 'experiment.output_dir=/proc/bgb-is-not-here/run', '--detach'];
  expect(await startHere(['train', SMOKE, ...nowhere])).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^bgb: Cannot write to the output_dir /),
  });
  mkdirSync(join(folder, 'taken'));
  for (const name of ['run.json', 'events.jsonl']) writeFileSync(join(folder, 'taken', name), '');
  expect(await startHere(parameters('taken', ['--detach']))).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/already holds a run that did not finish/),
  });
  expect(readdirSync(join(folder, 'taken')).sort()).toEqual(['events.jsonl', 'run.json']);
});

test.runIf(isTogetherPossible('cpu'))(
  'two processes that train together are detached and stopped as one',
  async () => {
    const more = ['--set', 'training.epochs=1000', '--set', 'resources.processes=2', '--detach', '--json'];
    const started = await startHere(parameters('pair', more));
    expect(started.code).toBe(0);
    const { pid } = JSON.parse(started.output);
    await until(async () => (await status('pair')).step >= 2);
    // The first of the two holds the run; the one that was started waits for both.
    expect((await status('pair')).process!.pid).not.toBe(pid);
    expect(await bgb('stop', join(folder, 'pair'))).toMatchObject({ code: 0 });
    await until(
      () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '),
    );
    expect(await status('pair')).toMatchObject({ state: 'stopped', reason: 'SIGTERM', process: null });
  },
);

test('under WSL it is said how the run survives there', () => {
  const training = { pid: 7, folder: 'results/a run', output: 'results/a run/output.log' };
  expect(detachedText(training, false)).not.toContain('WSL');
  const text = detachedText(training, true);
  expect(text).toContain("tmux new -s a-run bgb attach 'results/a run'");
  expect(text).toMatch(
    /\.wslconfig:\n +\[wsl2\]\n +vmIdleTimeout=-1\n +\[general\]\n +instanceIdleTimeout=-1/,
  );
});
