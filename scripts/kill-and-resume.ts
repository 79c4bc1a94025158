/**
 * Kills a training again and again with SIGKILL, resumes it each time, and compares what it ends with with a training that
 * nobody killed: the SHA-256 of weights, averages and optimiser state, and every step's loss and windows.
 *
 *     bash scripts/with-node.sh scripts/kill-and-resume.ts [--kills 50] [--seed 1] [--folder DIR] [--set field=value]...
 *
 * Trains configs/local/smoke.yaml on data/sample. Kills come, in turn, at a random moment after the start, in the middle of
 * steps, while a checkpoint is written (its temporary file is there) and while dev is evaluated (an epoch's last step is
 * logged). On a GPU: --set experiment.device=cuda --set training.deterministic=true. Exit code 1 where anything differs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isTemporaryName } from '../src/files/index.ts';
import { uniform } from '../src/random/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const config = join(root, 'configs/local/smoke.yaml');
const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const wanted = Number(options.kills);
const seed = Number(options.seed);
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'bgb-kills-'));
const STEPS_AN_EPOCH = 8;

function bgb(...parameters: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr!.on('data', (text: Buffer) => {
    said.set(child, (said.get(child) ?? '') + text.toString());
  });
  return child;
}
const said = new Map<ChildProcess, string>();

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });

async function mustEnd(child: ChildProcess): Promise<void> {
  const code = await ended(child);
  if (code !== 0) throw new Error(`ended with ${code}:\n${said.get(child)}`);
}

async function buildCache(): Promise<string> {
  const cache = join(folder, 'cache');
  for (const [patient, split] of [['chb01', 'train'], ['chb03', 'dev']] as const) // biome-ignore format: two pairs
    await mustEnd(
      bgb('build-cache', '--data-dir', join(root, 'data/sample', patient), '--cache-dir', cache, '--split', split, '--config', config), // biome-ignore format: one command
    );
  await mustEnd(bgb('scan-cache', '--cache-dir', cache, '--config', config));
  return cache;
}

function start(cache: string, run: string): ChildProcess {
  const set = [
    `data.cache_dir=${cache}`,
    `experiment.output_dir=${run}`,
    'training.epochs=10',
    'training.ema_decay=0.95',
    'training.augmentation.gain=[0.3,3]',
    'training.checkpoint_minutes=0.002',
    'training.guards.collapse_epochs=null',
    'resources.threads=1',
    ...options.set,
  ];
  const resuming = existsSync(join(run, 'events.jsonl')) ? ['--resume'] : [];
  return bgb('train', config, ...set.flatMap((value) => ['--set', value]), ...resuming);
}

const MOMENTS = ['anywhere', 'in a step', 'checkpoint', 'validation'] as const;
type Moment = (typeof MOMENTS)[number];

/** Waits for the moment, or for the end of the process. */
async function wait(moment: Moment, run: string, child: ChildProcess, share: number): Promise<void> {
  const isOver = () => child.exitCode !== null;
  const events = () => textOf(join(run, 'events.jsonl'));
  const before = steps(events()).length;
  const until = async (condition: () => boolean) => {
    while (!isOver() && !condition()) await delay(1);
  };
  if (moment === 'anywhere') await Promise.race([delay(4000 * share), ended(child)]);
  if (moment === 'in a step') {
    await until(() => steps(events()).length > before + Math.floor(3 * share));
    await delay(40 * share);
  }
  if (moment === 'checkpoint')
    await until(() => namesIn(join(run, 'checkpoints')).some((name) => isTemporaryName(name)));
  if (moment === 'validation') {
    const next = Math.floor(before / STEPS_AN_EPOCH + 1) * STEPS_AN_EPOCH;
    await until(() => steps(events()).length >= next);
    await delay(60 * share);
  }
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

/** Of whole lines of events.jsonl, what must not depend on being killed. */
function steps(events: string): string[] {
  return events.split('\n').flatMap((line) => {
    if (!line.includes('"kind":"step"')) return [];
    try {
      const { step, loss, gradient_norm, windows } = JSON.parse(line);
      return [JSON.stringify({ step, loss, gradient_norm, windows })];
    } catch {
      return [];
    }
  });
}

const outcomeOf = (run: string) => ({
  sha256: JSON.parse(textOf(join(run, 'checkpoints/last.json'))).tensors.sha256 as string,
  steps: steps(textOf(join(run, 'events.jsonl'))),
});

const cache = await buildCache();
const whole = join(folder, 'whole');
await mustEnd(start(cache, whole));
const expected = outcomeOf(whole);
console.log(`never killed: ${expected.steps.length} steps, SHA-256 ${expected.sha256}`);

const kills: Record<Moment, number> = { anywhere: 0, 'in a step': 0, checkpoint: 0, validation: 0 };
const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0);
let different = 0;
let rounds = 0;
for (let tries = 0; total() < wanted; rounds++) {
  const run = join(folder, `killed-${rounds}`);
  while (!existsSync(join(run, 'done.json'))) {
    const child = start(cache, run);
    const moment = MOMENTS[tries % MOMENTS.length]!;
    await wait(moment, run, child, uniform(seed, tries++));
    if (total() < wanted && child.exitCode === null) {
      child.kill('SIGKILL');
      if ((await ended(child)) === null) kills[moment]++;
    } else await mustEnd(child);
  }
  const found = outcomeOf(run);
  const isSame =
    found.sha256 === expected.sha256 && JSON.stringify(found.steps) === JSON.stringify(expected.steps);
  different += isSame ? 0 : 1;
  console.log(
    `run ${rounds + 1}: ${isSame ? 'the same' : `differs: ${found.steps.length} steps, SHA-256 ${found.sha256}`}; ${total()} kills so far`,
  );
}
console.log(`${total()} kills (${Object.entries(kills).map(([moment, count]) => `${moment} ${count}`).join(', ')}) in ${rounds} runs; ${different} differ`); // biome-ignore format: one line
if (options.folder === undefined) rmSync(folder, { recursive: true });
process.exitCode = different > 0 ? 1 : 0;
