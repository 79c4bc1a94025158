/**
 * A training of seconds on the EEG sample that comes with the code: killed in the middle and resumed it must end with the same
 * bits, and its losses must be those of the launching machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BgbError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';

/** What starts bgb, and bgb's folder with the sample. */
export interface DrillProgram {
  readonly program: readonly string[];
  readonly root: string;
}

export interface Drilled {
  /** Of the first steps. */
  readonly losses: readonly number[];
  /** Hash of the last checkpoint's tensors, of a run that was killed and of one that was not. */
  readonly whole: string;
  readonly killed: string;
}

/** Steps whose losses are compared: an epoch of the sample. */
export const LOSSES = 8;
const KILLED_AT = 5;
/** float32 on a GPU against a CPU over so few steps; two thread counts of one CPU differ by 2e-4 after 50. */
const TOLERANCE = 1e-3;

/** The losses alone: what the launching machine has to say. */
export async function drillLosses(drill: DrillProgram, device: string): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bgb-drill-'));
  try {
    await buildCaches(drill, folder);
    await trained(drill, folder, 'whole', device);
    return await lossesOf(join(folder, 'whole'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Check 8: kills, resumes and compares, once for each code and device.
 *
 * @param given.note a file that keeps what came out
 * @throws BgbError `MODAL_DRILL`
 */
export async function drill(
  given: DrillProgram & { readonly device: string; readonly note: string },
): Promise<Drilled> {
  const known = JSON.parse(await readFile(given.note, 'utf8').catch(() => 'null')) as Drilled | null;
  if (known !== null) return judged(known);
  const folder = await mkdtemp(join(tmpdir(), 'bgb-drill-'));
  try {
    await buildCaches(given, folder);
    // At the same time: a machine that is paid for waits for the slower one only.
    await allOf([trained(given, folder, 'whole', given.device), killedAndResumed(given, folder)]);
    const result: Drilled = {
      losses: await lossesOf(join(folder, 'whole')),
      whole: await tensorsOf(join(folder, 'whole')),
      killed: await tensorsOf(join(folder, 'killed')),
    };
    judged(result);
    await mkdir(dirname(given.note), { recursive: true });
    await writeAtomic(given.note, JSON.stringify(result));
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits for all, also where one fails: the folder is removed once nothing writes there any more. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  for (const each of await Promise.allSettled(works)) if (each.status === 'rejected') throw each.reason;
}

async function killedAndResumed(given: DrillProgram & { readonly device: string }, folder: string) {
  const child = start(given, folder, 'killed', given.device);
  await stepTaken(child, join(folder, 'killed/events.jsonl'), KILLED_AT);
  child.kill('SIGKILL');
  await endOf(child);
  await trained(given, folder, 'killed', given.device, '--resume');
}

/** Check 9. @throws BgbError `MODAL_LOSSES` */
export function compareLosses(there: readonly number[], here: readonly number[]): string {
  const worst = Math.max(
    ...here.map((loss, i) => Math.abs(loss - (there[i] ?? Number.NaN)) / Math.abs(loss)),
  );
  if (!(worst <= TOLERANCE))
    throw new BgbError(
      'MODAL_LOSSES',
      `the losses of ${here.length} steps with a fixed seed differ by ${worst.toExponential(1)} from those of the launching machine (${TOLERANCE} is allowed): ${there.join(', ')} against ${here.join(', ')}. bgb parity says what differs between the machines`,
    );
  return `losses of ${here.length} steps within ${worst.toExponential(1)} of the launching machine's`;
}

function judged(drilled: Drilled): Drilled {
  if (drilled.whole === drilled.killed) return drilled;
  throw new BgbError(
    'MODAL_DRILL',
    `a training killed at step ${KILLED_AT} and resumed ended with other weights (${drilled.killed.slice(0, 12)}) than one that was not (${drilled.whole.slice(0, 12)}): an interruption would change the result. Report it with this code's hash; --no-drill leaves the check out`,
  );
}

async function buildCaches(drill: DrillProgram, folder: string): Promise<void> {
  const config = join(drill.root, 'configs/local/smoke.yaml');
  const build = async (patient: string, split: string) => {
    const data = join(drill.root, 'data/sample', patient);
    const words = ['build-cache', '--data-dir', data, '--cache-dir', join(folder, 'cache'), '--split', split, '--jobs', '1', '--config', config]; // biome-ignore format: a command line
    await mustEnd(run(drill, words), 'building the cache of the sample');
  };
  await allOf([build('chb01', 'train'), build('chb03', 'dev')]);
}

function start(
  drill: DrillProgram,
  folder: string,
  name: string,
  device: string,
  ...more: string[]
): ChildProcess {
  const set = [
    `data.cache_dir=${join(folder, 'cache')}`,
    `experiment.output_dir=${join(folder, name)}`,
    `experiment.device=${device}`,
    'training.deterministic=true',
    'training.epochs=1',
    'training.checkpoint_minutes=0.001',
    'resources.threads=1',
  ];
  const config = join(drill.root, 'configs/local/smoke.yaml');
  return run(drill, ['train', config, ...set.flatMap((each) => ['--set', each]), ...more]);
}

async function trained(...parameters: Parameters<typeof start>): Promise<void> {
  await mustEnd(start(...parameters), 'a short training on the sample');
}

const said = new WeakMap<ChildProcess, string>();

function run({ program: [first, ...rest] }: DrillProgram, words: readonly string[]): ChildProcess {
  const child = spawn(first!, [...rest, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr!.on('data', (text: Buffer) => said.set(child, `${said.get(child) ?? ''}${text}`.slice(-2000)));
  return child;
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once('close', resolve));
}

async function mustEnd(child: ChildProcess, what: string): Promise<void> {
  const code = await endOf(child);
  if (code !== 0)
    throw new BgbError('MODAL_DRILL', `${what} ended with exit code ${code}: ${said.get(child) ?? ''}`);
}

async function stepTaken(child: ChildProcess, events: string, step: number): Promise<void> {
  const text = `"kind":"step","step":${step},`;
  while (!(await readFile(events, 'utf8').catch(() => '')).includes(text)) {
    // Ended by itself, or by a signal, such as for want of memory.
    if (child.exitCode !== null || child.signalCode !== null)
      throw new BgbError(
        'MODAL_DRILL',
        `a short training ended before step ${step}: ${said.get(child) ?? ''}`,
      );
    await delay(5);
  }
}

async function lossesOf(folder: string): Promise<number[]> {
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { kind: string; loss: number });
  return events.filter(({ kind }) => kind === 'step').slice(0, LOSSES).map(({ loss }) => loss); // biome-ignore format: one chain
}

async function tensorsOf(folder: string): Promise<string> {
  const last = await readFile(join(folder, 'checkpoints/last.json'), 'utf8');
  return (JSON.parse(last) as { tensors: { sha256: string } }).tensors.sha256;
}
