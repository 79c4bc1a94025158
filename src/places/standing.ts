import { posix } from 'node:path';
import { InputError } from '../errors.ts';
import { type Attempt, deskOf, type Job, parseAttempt, parseJob } from './job.ts';
import type { Reader } from './remote-files.ts';

/** What the results say about a run: the truth, whatever a connection or an exit code said. */
export interface Standing {
  readonly run: string;
  readonly job: Job;
  readonly attempts: readonly Attempt[];
  /** Whether the file that means success is there, or the last attempt ended well where there is none. */
  readonly isDone: boolean;
  /** Whether it was asked to stop. */
  readonly isStopped: boolean;
  /** Step of the last checkpoint; null where there is none. */
  readonly savedStep: number | null;
  /** Content of `done.json`, as it stands. */
  readonly done: string | null;
  /** Content of `heartbeat.json`. */
  readonly heartbeat: { readonly step: number; readonly epoch: number; readonly at: string } | null;
}

/** How an attempt ended, for what to do next; `gone`: without a word. */
export type Ending = 'done' | 'stopped' | 'failed' | 'interrupted' | 'gone' | 'not started';

export function endingOf({ isDone, isStopped, attempts }: Standing): Ending {
  if (isDone) return 'done';
  if (isStopped) return 'stopped';
  const last = attempts.at(-1);
  if (last === undefined) return 'not started';
  if (last.ended === null) return 'gone';
  return last.ended.how === 'done' ? 'failed' : last.ended.how;
}

/** How the last attempt ended, in a sentence. */
export function describeEnding({ attempts }: Standing): string {
  const last = attempts.at(-1);
  if (last === undefined) return 'It was never started.';
  if (last.ended === null) return `Attempt ${last.number} was ended without warning, as preemption does.`;
  const { how, code } = last.ended;
  return how === 'interrupted'
    ? `Attempt ${last.number} was interrupted and has saved.`
    : `Attempt ${last.number} ended: ${how}, exit code ${code}.`;
}

/** @throws InputError `PLACE_RUN_MISSING` where no run of that name was ever started */
export async function readStanding(reader: Reader, results: string, run: string): Promise<Standing> {
  const desk = deskOf(results, run);
  const first = await reader.read([desk.job, desk.stop, `${desk.attempts}/*.json`]);
  const text = first.get(desk.job);
  if (text === undefined)
    throw new InputError(
      'PLACE_RUN_MISSING',
      `No run '${run}' was started here: ${desk.job} is not there. bgb modal status lists the runs.`,
    );
  const job = parseJob(text, desk.job);
  const attempts = [...first]
    .filter(([path]) => posix.dirname(path) === desk.attempts)
    .map(([path, each]) => parseAttempt(each, path))
    .sort((a, b) => a.number - b.number);
  const folder = job.output_dir;
  const [last, beat] = ['checkpoints/last.json', 'heartbeat.json'].map((name) =>
    posix.join(folder ?? '', name),
  );
  const second =
    folder === null ? new Map<string, string>() : await reader.read([job.done ?? '', last!, beat!]);
  const own = attempts.filter(({ token }) => token === job.token);
  return {
    run,
    job,
    attempts,
    isDone: job.done === null ? own.at(-1)?.ended?.how === 'done' : second.has(job.done),
    isStopped: first.has(desk.stop),
    savedStep: savedStep(second.get(last!)),
    done: second.get(job.done ?? '') ?? null,
    heartbeat: parsed(second.get(beat!)) as Standing['heartbeat'],
  };
}

/**
 * A sentence where two attempts ran at the same time, so that the volume may hold files of both; else null. No clock is asked,
 * those of two machines may differ: an attempt that had not ended when another started, and said later how it did, was alive.
 */
export function writtenByTwo({ attempts }: Pick<Standing, 'attempts'>): string | null {
  for (const { number, unended } of attempts) {
    const before = attempts.find((each) => unended.includes(each.number) && each.ended !== null);
    if (before === undefined) continue;
    return `Attempts ${before.number} and ${number} ran at the same time: of each file the one written last is there, and the run may be a mixture of both. Start it anew in another output_dir.`;
  }
  return null;
}

/** Names of all runs ever started. */
export async function listRuns(reader: Reader, results: string): Promise<string[]> {
  const pattern = deskOf(results, '*').job;
  const found = await reader.read([pattern]);
  return [...found.keys()].map((path) => posix.basename(posix.dirname(path))).sort();
}

function savedStep(checkpoint: string | undefined): number | null {
  const step = (parsed(checkpoint) as { state?: { step?: unknown } } | null)?.state?.step;
  return typeof step === 'number' ? step : null;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
