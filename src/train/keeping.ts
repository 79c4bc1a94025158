import { resolve } from 'node:path';
import { type Config, firstVisibleGpu } from '../config/index.ts';
import { makeFolder } from '../files/index.ts';
import {
  type Checkpoint,
  type CheckpointState,
  createRun,
  cutTensorboard,
  type EventLog,
  GpuMonitor,
  type GpuSample,
  Heartbeat,
  Logger,
  openRun,
  type Run,
  type RunStart,
  TensorboardWriter,
} from '../runs/index.ts';
import type { Device } from '../torch/index.ts';

/** Where a training writes what it does. */
export interface Keeping {
  readonly run: Pick<Run, 'resumedFrom' | 'saveCheckpoint' | 'abort'> & {
    readonly events: Pick<EventLog, 'append' | 'sync'>;
  };
  readonly log: Pick<Logger, 'info' | 'warning'>;
  readonly heartbeat: Pick<Heartbeat, 'update' | 'enter'>;
  readonly board: Pick<TensorboardWriter, 'scalars' | 'histogram' | 'records'>;
  /** What the GPU was last seen doing; null without one. */
  readonly gpu: () => GpuSample | null;
}

/** {@link Keeping} of a training that is being started. */
export interface OpenKeeping extends Keeping, AsyncDisposable {
  /** What the user should be told about the run's start, a sentence each. */
  readonly notices: readonly string[];
  /** Ends the run with success. */
  finish(step: number, summary: Parameters<Run['finish']>[1]): Promise<void>;
}

/** A run folder, made or opened again. @throws InputError `RUN_*` */
export async function keepRun(
  folder: string,
  start: RunStart,
  options: {
    readonly isResuming: boolean;
    readonly level: Config['experiment']['log_level'];
    readonly writeLog: (text: string) => unknown;
    readonly device: Device;
  },
): Promise<OpenKeeping> {
  const { now } = start;
  await using opened = new AsyncDisposableStack();
  await makeFolder(resolve(folder)).catch(() => undefined);
  const run = opened.use(options.isResuming ? await openRun(folder, start) : await createRun(folder, start));
  const log = opened.use(new Logger({ level: options.level, write: options.writeLog, now }));
  log.attachFile(run.path('log'));
  const heartbeat = opened.use(
    await Heartbeat.start({
      path: run.path('heartbeat'),
      intervalS: 10,
      quietS: 60,
      onFailure: (message) => log.warning(message),
    }),
  );
  const state = run.resumedFrom?.state ?? null;
  const board = opened.use(
    TensorboardWriter.create(run.path('tensorboard'), {
      now: now(),
      ...(state !== null && { restartStep: state.step + 1 }),
      records: options.isResuming ? keepBoard(run.path('tensorboard'), state) : 0,
    }),
  );
  const monitor = options.device === 'cpu' ? null : opened.use(new GpuMonitor(firstVisibleGpu()));
  const rest = opened.move();
  return {
    run,
    log,
    heartbeat,
    board,
    gpu: () => monitor?.last ?? null,
    notices: run.notices,
    finish: (step, summary) => run.finish(step, summary),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** For a process that computes along: another one keeps the run. */
export function keepNothing(resumedFrom: Checkpoint | null): OpenKeeping {
  const nothing = () => undefined;
  return {
    run: {
      resumedFrom,
      saveCheckpoint: async () => '',
      abort: async () => undefined,
      events: { append: nothing, sync: nothing },
    },
    log: { info: nothing, warning: nothing },
    heartbeat: { update: nothing, enter: nothing },
    board: { scalars: nothing, histogram: nothing, records: 0 },
    gpu: () => null,
    notices: [],
    finish: async () => undefined,
    [Symbol.asyncDispose]: async () => resumedFrom?.[Symbol.asyncDispose](),
  };
}

/** Cuts the TensorBoard files back to a checkpoint; returns how many records they have then. */
function keepBoard(folder: string, state: CheckpointState | null): number {
  // Runs of earlier versions do not count them: TensorBoard itself then drops what the new session writes again.
  const keep = state === null ? 0 : (state.board_records ?? Number.MAX_SAFE_INTEGER);
  return cutTensorboard(folder, keep);
}
