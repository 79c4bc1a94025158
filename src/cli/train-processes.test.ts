import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTogetherPossible } from '../torch/index.ts';
import { buildSampleCache } from '../train/testing/sample-cache.ts';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-processes-'));
const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const SMOKE = path('configs/local/smoke.yaml');
const cache = join(folder, 'cache');
const written = catchWrites();

beforeAll(() => buildSampleCache(cache));
afterAll(() => rmSync(folder, { recursive: true }));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; errors: string }>;
}

/** Two epochs of four steps. */
function parameters(run: string, processes: number, more: readonly string[]): string[] {
  const set = [
    `data.cache_dir=${cache}`,
    'data.max_samples=32',
    `experiment.output_dir=${join(folder, run)}`,
    'training.epochs=2',
    `resources.processes=${processes}`,
    'resources.threads=1',
  ];
  return ['train', SMOKE, ...set.flatMap((value) => ['--set', value]), ...more];
}

function start(run: string, processes: number, ...more: string[]): Started {
  const words = [path('src/cli/main.ts'), ...parameters(run, processes, more)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr!.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, errors }))) };
}

/** One process, this one. @returns the exit code */
const trainAlone = (run: string, ...more: string[]) => runProgram(parameters(run, 1, more));

interface Step {
  readonly step: number;
  readonly loss: number;
  readonly windows: string;
}

function steps(run: string): Step[] {
  const events = join(folder, run, 'events.jsonl');
  if (!existsSync(events)) return [];
  const lines = readFileSync(events, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'step');
}

async function reached(run: string, step: number): Promise<void> {
  while ((steps(run).at(-1)?.step ?? 0) < step) await delay(20);
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

test.runIf(isTogetherPossible('cpu'))(
  'two processes train as one does; one that is killed ends the other with a sentence, and the run goes on with one',
  async () => {
    expect(await trainAlone('alone', '--device', 'cpu')).toBe(0);
    const alone = steps('alone');

    const killed = start('killed', 2);
    // In the second epoch, so that a checkpoint is there.
    await reached('killed', 5);
    const processes = childrenOf(killed.child.pid!);
    expect(processes).toHaveLength(2);
    process.kill(processes[1]!, 'SIGKILL');
    const { code, errors } = await killed.ended;
    expect(code).toBe(1);
    expect(errors).toMatch(
      /process 1 of 2 \(counted from 0\) was ended by SIGKILL, and the others with it\. .*--resume/,
    );
    expect(existsSync(join(folder, 'killed/done.json'))).toBe(false);
    for (const pid of processes) expect(existsSync(`/proc/${pid}`)).toBe(false);

    expect(await trainAlone('killed', '--resume')).toBe(0);
    const together = steps('killed');
    expect(together.map(({ windows }) => windows)).toEqual(alone.map(({ windows }) => windows));
    // In float32 sums over parts of a batch round otherwise, and training carries that on.
    for (const [i, { loss }] of together.entries())
      expect(Math.abs(loss - alone[i]!.loss)).toBeLessThan(1e-3 * alone[i]!.loss);
  },
);

test('--init-from takes the weights of a run, and refuses those that do not fit before anything is written', async () => {
  const from = ['--init-from', join(folder, 'alone')];
  expect(await trainAlone('tuned', ...from, '--set', 'training.epochs=1')).toBe(0);
  expect(steps('tuned')[0]!.loss).toBeLessThan(steps('alone')[0]!.loss);
  expect(await trainAlone('other', ...from, '--set', 'model.mamba.d_state=4')).toBe(2);
  expect(written.errors).toMatch(/does not fit the model/);
  expect(existsSync(join(folder, 'other'))).toBe(false);
});

test.runIf(isTogetherPossible('cpu'))(
  'Ctrl-C comes to the starter: all save and stop at one step, and go on',
  async () => {
    const stopped = start('stopped', 2);
    await reached('stopped', 2);
    stopped.child.kill('SIGINT');
    const { code, errors } = await stopped.ended;
    expect(code).toBe(130);
    expect(errors).toMatch(/stopped at step \d+; go on with: bgb train .* --resume/);
    expect(await start('stopped', 2, '--resume').ended).toMatchObject({ code: 0 });
    expect(steps('stopped').map(({ step }) => step)).toEqual(steps('alone').map(({ step }) => step));
  },
);

test.runIf(isTogetherPossible('cpu'))(
  'what one refuses is said once; a starter that dies takes the others along',
  async () => {
    const refused = await start('refused', 3, '--set', 'training.batch_size=2').ended;
    expect(refused.code).toBe(2);
    expect(refused.errors.match(/3 processes cannot share a batch of 2 windows/g)).toHaveLength(1);

    const orphaned = start('orphaned', 2);
    await reached('orphaned', 1);
    const processes = childrenOf(orphaned.child.pid!);
    orphaned.child.kill('SIGKILL');
    await orphaned.ended;
    while (processes.some((pid) => existsSync(`/proc/${pid}/fd/0`))) await delay(50);
  },
);
