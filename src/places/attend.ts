/**
 * Where a run lives, this stands beside it: starts the command, numbers what it writes, keeps that and how it ended with the
 * results, hands signals on, ends it in time before the place does, and makes what it wrote last. It decides nothing about
 * whether the run goes on; whoever started it does (follow.ts), from what it has written down.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InputError, messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { RUN_FILES } from '../runs/index.ts';
import { Console } from './console.ts';
import { type Attempt, callText, deskOf, type Job, jobText, parseAttempt, parseJob } from './job.ts';
import { LineSplitter } from './numbered-lines.ts';
import { stageCache } from './stage.ts';
import { type Wish, Wishes } from './wishes.ts';

export interface AttendOptions {
  /** What starts bgb, without its command line. */
  readonly program: readonly string[];
  /** For a copy of the cache, on the machine's own disk. */
  readonly stagingFolder: string;
  /** Of this attempt, at least; numbers on the results may lag behind. */
  readonly attempt: number;
  /** What the place knows this run by; null: its name. */
  readonly call?: string | null;
  /** Standard output. */
  readonly write: (text: string) => unknown;
  readonly now: () => Date;
  /** Aborted by the signal that asks to save and end. */
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Between two looks for a wish to stop, ms. */
  readonly lookEveryMs?: number;
  /** Between two commits, ms. */
  readonly commitEveryMs?: number;
}

/** As `sysexits.h` has it: not done, and worth another try. */
const TRY_AGAIN = 75;
const EXIT_CODES = { done: 0, failed: 1, interrupted: TRY_AGAIN, stopped: 130 } as const;

type How = keyof typeof EXIT_CODES;

/** Exit codes of a command that has saved and ended on SIGINT or SIGTERM. */
const SAVED = [130, 143];
/** Of an attempt that was asked to end before its command. */
const ENDED_BY_WISH = 143;

/**
 * Attends one attempt of a job.
 *
 * @returns the exit code: 0 where the job is done, 75 where it was interrupted and can go on, 130 where it was to stop
 * @throws InputError `PLACE_JOB_REPLACED` where another launch has taken the run's name over
 */
export async function attend(job: Job, options: AttendOptions): Promise<number> {
  const desk = deskOf(job.results, job.run);
  await keepJob(job, desk, options.now());
  // Also where whoever started it could not keep it any more, or was `modal run`.
  if (options.call != null) await writeAtomic(desk.call, callText(options.call));
  await Promise.all([desk.attempts, desk.console].map((folder) => mkdir(folder, { recursive: true })));
  const before = await readAttempts(desk.attempts);
  let attempt: Attempt = {
    number: Math.max(options.attempt, (before.at(-1)?.number ?? 0) + 1),
    token: job.token,
    started_at: options.now().toISOString(),
    is_begun: false,
    unended: before.filter(({ ended }) => ended === null).map(({ number }) => number),
    ended: null,
  };
  using console = new Console(attempt.number, desk.lines(attempt.number), options.write);
  const keep = async (content: Attempt) => {
    try {
      await writeAtomic(desk.attempt(attempt.number), `${JSON.stringify(content, null, 2)}\n`);
    } catch (error) {
      console.line(`The attempt's record could not be written: ${messageOf(error)}`);
    }
  };
  await keep(attempt);
  console.event({ event: 'started', attempt: attempt.number });
  await commit(job, console);
  const isFirst = !before.some(({ token, is_begun }) => token === job.token && is_begun);
  const onBegun = async () => {
    attempt = { ...attempt, is_begun: true };
    await keep(attempt);
    console.event({ event: 'command' });
    await commit(job, console);
  };
  // From the start of the attempt on: the place's own limit counts what comes before the command, too.
  using wishes = new Wishes({
    signal: options.signal,
    limitMs: job.limit_s * 1000,
    isStopWished: () => exists(desk.stop),
    lookEveryMs: options.lookEveryMs ?? 1000,
    onLimit: () =>
      console.line(`The time limit of ${job.limit_s} s is near: saving, to go on in another attempt.`),
  });
  const committing = setInterval(() => void commit(job, console), options.commitEveryMs ?? 30_000);
  const { how, code } = await work(job, { ...options, console, isFirst, onBegun, wishes }).finally(() =>
    clearInterval(committing),
  );
  const at = options.now().toISOString();
  await keep({ ...attempt, ended: { at, how, code, last: [...console.last] } });
  console.event({ event: 'ended', how, code });
  console.sync();
  await commit(job, console);
  return EXIT_CODES[how];
}

interface Work extends AttendOptions {
  readonly console: Console;
  /** Whether no attempt of this launch came to its command yet. */
  readonly isFirst: boolean;
  /** Called before the command starts. */
  readonly onBegun: () => Promise<void>;
  readonly wishes: Wishes;
}

async function work(job: Job, work: Work): Promise<{ how: How; code: number }> {
  const desk = deskOf(job.results, job.run);
  const { console, wishes } = work;
  if (job.done !== null && (await exists(job.done))) return { how: 'done', code: 0 };
  if (await exists(desk.stop)) return { how: 'stopped', code: 130 };
  try {
    for (const words of work.isFirst ? job.before : []) {
      const code = await run(job, words, job.environment_once, work);
      if (code !== 0 || wishes.wish !== null) return howEnded(wishes.wish, code || ENDED_BY_WISH);
    }
    if (job.stage !== null)
      await stageCache(
        { from: job.stage.from, to: work.stagingFolder },
        { say: (text) => console.line(text), signal: wishes.signal },
      );
  } catch (error) {
    if (wishes.wish !== null) return howEnded(wishes.wish, ENDED_BY_WISH);
    console.line(`bgb: ${messageOf(error)}`);
    return { how: 'failed', code: error instanceof InputError ? 2 : 1 };
  }
  const isResuming =
    job.output_dir !== null && (!work.isFirst || job.is_resuming) && (await hasRun(job.output_dir));
  // Whoever starts an attempt has made sure that the one before is gone; its lock, of another machine, cannot say so. One that
  // was ended before its run had a log has left a lock, too.
  if (job.output_dir !== null && (!work.isFirst || job.is_resuming))
    await rm(join(job.output_dir, RUN_FILES.lock), { force: true });
  await work.onBegun();
  const code = await run(
    job,
    [...job.command, ...(isResuming ? job.resume : [])],
    work.isFirst && job.before.length === 0 ? job.environment_once : {},
    work,
  );
  const isDone = job.done === null ? code === 0 : await exists(job.done);
  if (isDone) return { how: 'done', code: 0 };
  if (code === 0 && job.done !== null) {
    console.line(`It ended with exit code 0 and no ${job.done}: that is no success.`);
    return { how: 'failed', code: 1 };
  }
  return howEnded(wishes.wish, code);
}

function howEnded(wish: Wish | null, code: number): { how: How; code: number } {
  if (wish === 'stop') return { how: 'stopped', code };
  // A signal sent to the command itself, such as by whoever ends every process of a container.
  return { how: wish !== null || SAVED.includes(code) ? 'interrupted' : 'failed', code };
}

/** Runs a command line of bgb to its end, its lines into the console. */
async function run(
  job: Job,
  parameters: readonly string[],
  once: Readonly<Record<string, string>>,
  { console, wishes, environment, program: words, stagingFolder }: Work,
): Promise<number> {
  const desk = deskOf(job.results, job.run);
  const [program, ...first] = words;
  const configPath = join(desk.folder, job.config?.name ?? '');
  if (job.config !== null) await writeFile(configPath, job.config.text);
  const placed = parameters.map((word) =>
    word === 'CONFIG' ? configPath : job.stage === null ? word : word.replace('STAGED', stagingFolder),
  );
  const child = spawn(program!, [...first, ...placed], {
    env: { ...environment, BGB_DISABLE_TQDM: '1', ...job.environment, ...once },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => child.kill('SIGTERM');
  if (wishes.signal.aborted) end();
  wishes.signal.addEventListener('abort', end);
  try {
    return await endOf(child, console);
  } finally {
    wishes.signal.removeEventListener('abort', end);
  }
}

async function endOf(child: ChildProcess, console: Console): Promise<number> {
  for (const stream of [child.stdout!, child.stderr!]) {
    const splitter = new LineSplitter();
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      for (const line of splitter.push(piece)) console.line(line);
    });
    stream.on('end', () => {
      for (const line of splitter.end()) console.line(line);
    });
  }
  return await new Promise((resolve) => {
    child.on('error', (error) => {
      console.line(`bgb: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL')
        console.line('The command was killed (SIGKILL): was there enough memory? See --memory.');
      resolve(code ?? (signal === 'SIGTERM' ? 143 : signal === 'SIGINT' ? 130 : 137));
    });
  });
}

/** Writes the job down where whoever started it has not; an earlier start of the name gives way, unless it is alive. */
async function keepJob(job: Job, desk: ReturnType<typeof deskOf>, now: Date): Promise<void> {
  const kept = await readFile(desk.job, 'utf8').catch(() => null);
  const { token, created_at } = kept === null ? { token: null, created_at: '' } : parseJob(kept, desk.job);
  if (token === job.token) return;
  if (created_at >= job.created_at) throw jobReplaced(job.run);
  await refuseLiving(job, now);
  await rm(desk.stop, { force: true });
  await writeAtomic(desk.job, jobText(job));
}

/** An attempt of a start that another has taken the place of. */
export function jobReplaced(run: string): InputError {
  return new InputError(
    'PLACE_JOB_REPLACED',
    `The run ${run} has been started anew meanwhile; this attempt of an earlier start ends here. See bgb modal status ${run}.`,
  );
}

/** A beat is some seconds old at most; a volume shows it somewhat later. */
const LIVING_MS = 120_000;

/** @throws InputError `PLACE_RUN_LIVE` where another start of the name shows signs of life */
async function refuseLiving({ run, output_dir }: Job, now: Date): Promise<void> {
  if (output_dir === null) return;
  const text = await readFile(join(output_dir, RUN_FILES.heartbeat), 'utf8').catch(() => '{}');
  const { at = '', stopped = true } = JSON.parse(text) as { at?: string; stopped?: boolean };
  if (stopped || now.getTime() - Date.parse(at) > LIVING_MS) return;
  throw new InputError(
    'PLACE_RUN_LIVE',
    `A run named ${run} is running already: its last sign of life is of ${at}. See it with bgb modal logs ${run} -f, stop it with bgb modal stop ${run}, or use another experiment.output_dir.`,
  );
}

async function readAttempts(folder: string): Promise<Attempt[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.json$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => parseAttempt(await readFile(join(folder, name), 'utf8'), join(folder, name))),
  );
}

async function commit(job: Job, console: Console): Promise<void> {
  const [program, ...parameters] = job.commit ?? [];
  if (program === undefined) return;
  try {
    await promisify(execFile)(program, parameters);
  } catch (error) {
    console.line(`What was written could not be made to last: ${messageOf(error).trim()}`);
  }
}

/** Whether there is a run to go on with: its log is made last when one starts. */
async function hasRun(folder: string): Promise<boolean> {
  return await exists(join(folder, RUN_FILES.events));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
