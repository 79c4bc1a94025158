/** How a run stands, from the last lines of its log and the process that holds it: as quick for a long run as for a short one. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ACTIVITIES, type Activity } from './heartbeat.ts';
import { type LockHolder, lockHolder } from './process-lock.ts';
import { type RunEvent, readLastEvents } from './read-events.ts';
import { type RecentSteps, recentSteps } from './recent-steps.ts';
import { readPlan } from './run-plan.ts';
import { exists, RUN_FILES, readRunIdentity, runStage } from './run-record.ts';

/**
 * - `starting`: no step yet; `running`; `stopping`: asked to, and saving;
 * - `finished`: its `done.json` is there; `stopped`: saved on a signal; `failed`: ended by an error;
 * - `killed`: its process is gone without a word;
 * - `unknown`: a copy of a run of another machine, of which nothing has been heard for a while.
 */
export type RunState =
  | 'starting'
  | 'running'
  | 'stopping'
  | 'finished'
  | 'stopped'
  | 'failed'
  | 'killed'
  | 'unknown';

/** How a run stands; null is what is not known. */
export interface RunStatus {
  readonly folder: string;
  /** The folder's name. */
  readonly name: string;
  readonly state: RunState;
  /** Why it failed, or the signal that stopped it. */
  readonly reason: string | null;
  readonly createdAt: string;
  /** When it last wrote a line. */
  readonly lastAt: string | null;
  readonly step: number;
  readonly steps: number | null;
  /** Epochs done, evaluated. */
  readonly epoch: number;
  readonly epochs: number | null;
  /** What early stopping watches, at its best; without early stopping `auroc` as it was last. */
  readonly metric: { readonly name: string; readonly value: number | null; readonly isBest: boolean } | null;
  readonly recent: RecentSteps;
  /** What its process was at when it last gave a sign of life; null where none writes it, or it does not say. */
  readonly activity: Activity | null;
  /** The process that writes it; null where none does. */
  readonly process: LockHolder | null;
  /** Where it runs or ran, if not here. */
  readonly remote: string | null;
}

/** A note beside a run that was copied from elsewhere. */
export const REMOTE_FILE = 'remote.json';

const remoteFile = z.looseObject({ where: z.string() });

/** Bytes of the log that are looked at: some hundred steps. */
const TAIL_BYTES = 65_536;

/**
 * How the run in a folder stands.
 *
 * @throws InputError `RUN_MISSING` where there is none, `RUN_FILE`, `RUN_EVENTS` where a file of it is damaged
 */
export async function readRunStatus(folder: string, now: Date): Promise<RunStatus> {
  const { created_at: createdAt } = await readRunIdentity(folder);
  const before = await runStage(folder);
  const path = (name: keyof typeof RUN_FILES) => join(folder, RUN_FILES[name]);
  const holder = await lockHolder(path('lock'), { now, heartbeatPath: path('heartbeat') });
  // The holder may have finished between these two looks.
  const stage = before !== 'finished' && holder === null ? await runStage(folder) : before;
  const events = stage === 'start-interrupted' ? [] : await readLastEvents(path('events'), TAIL_BYTES);
  const plan = stage === 'start-interrupted' ? null : await readPlan(folder);
  const remote = await readRemote(folder);
  const last = events.at(-1);
  const step = last?.step ?? 0;
  return {
    folder,
    name: basename(folder),
    ...stateOf({ isFinished: stage === 'finished', holder, last, isRemote: remote !== null }),
    createdAt,
    lastAt: last?.at ?? null,
    step,
    steps: plan && plan.epochs * plan.steps_per_epoch,
    epoch: plan ? Math.floor(step / plan.steps_per_epoch) : 0,
    epochs: plan?.epochs ?? null,
    metric: await readMetric(folder, plan?.metric ?? null),
    recent: recentSteps(events),
    activity: holder?.isAlive ? await readActivity(path('heartbeat')) : null,
    process: holder?.isAlive ? holder : null,
    remote,
  };
}

/** Whether a run in this state goes on by itself. */
export function isGoingOn(state: RunState): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping';
}

/** How a run stands, by its last event and by who holds it. */
export function stateOf(run: {
  readonly isFinished: boolean;
  readonly holder: Pick<LockHolder, 'isAlive'> | null;
  readonly last: RunEvent | undefined;
  readonly isRemote: boolean;
}): Pick<RunStatus, 'state' | 'reason'> {
  const { isFinished, holder, last, isRemote } = run;
  const reason = typeof last?.reason === 'string' ? last.reason : null;
  const signal = typeof last?.signal === 'string' ? last.signal : null;
  if (isFinished) return { state: 'finished', reason: null };
  if (holder?.isAlive) {
    if (last?.kind === 'stopped') return { state: 'stopping', reason: signal };
    return { state: last === undefined || last.kind === 'data_set' ? 'starting' : 'running', reason: null };
  }
  if (last?.kind === 'aborted' || last?.kind === 'failed') return { state: 'failed', reason };
  if (holder !== null) return { state: isRemote ? 'unknown' : 'killed', reason: null };
  if (last?.kind === 'stopped') return { state: 'stopped', reason: signal };
  return { state: isRemote ? 'unknown' : 'failed', reason: null };
}

const lastCheckpoint = z.looseObject({
  state: z.looseObject({
    loop: z.looseObject({
      progress: z.looseObject({ best: z.number().nullable() }),
      metrics: z.record(z.string(), z.number().nullable()),
    }),
  }),
});

/** From the last checkpoint, which a log's last lines do not hold. */
async function readMetric(
  folder: string,
  watched: { readonly name: string } | null,
): Promise<RunStatus['metric']> {
  const parsed = lastCheckpoint.safeParse(await readJson(join(folder, RUN_FILES.checkpoints, 'last.json')));
  if (!parsed.success) return null;
  const { progress, metrics } = parsed.data.state.loop;
  if (watched !== null) return { name: watched.name, value: progress.best, isBest: true };
  return 'auroc' in metrics ? { name: 'auroc', value: metrics.auroc!, isBest: false } : null;
}

async function readActivity(path: string): Promise<Activity | null> {
  const beat = z.looseObject({ activity: z.enum(ACTIVITIES) }).safeParse(await readJson(path));
  return beat.success ? beat.data.activity : null;
}

async function readRemote(folder: string): Promise<string | null> {
  if (!(await exists(join(folder, REMOTE_FILE)))) return null;
  const parsed = remoteFile.safeParse(await readJson(join(folder, REMOTE_FILE)));
  return parsed.success ? parsed.data.where : 'elsewhere';
}

/** null for a file that is not there, or is no JSON: what is listed does without. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
