import { sha256 } from '../files/index.ts';
import type { EventFields } from '../runs/index.ts';
import type { Training } from './loop.ts';
import type { StepMetrics } from './metric-ring.ts';
import type { StepTiming } from './step-clock.ts';

/** What the host knows of a step when it is launched. */
export interface LaunchedStep {
  readonly indices: readonly number[];
  readonly learningRate: number;
  readonly timing: StepTiming;
}

/** What a line about training in progress shows. */
export interface LastStep {
  readonly loss: number;
  readonly learningRate: number;
  readonly windowsPerSecond: number;
  /** Share of the time spent waiting for readers. */
  readonly waitingShare: number;
}

/** Windows named in the log of a skipped step. */
const MOST_NAMED = 64;

/**
 * Writes a line of `events.jsonl` and TensorBoard scalars for every step. Metrics arrive from the device some steps after
 * the step was launched; what the host knew then is kept until they do.
 */
export class StepLog {
  readonly #training: Pick<Training, 'run' | 'board' | 'now' | 'log' | 'gpu' | 'windowNames'>;
  readonly #launched = new Map<number, LaunchedStep>();
  #last: LastStep | null = null;

  constructor(training: Pick<Training, 'run' | 'board' | 'now' | 'log' | 'gpu' | 'windowNames'>) {
    this.#training = training;
  }

  /** The last step whose metrics have arrived. */
  get last(): LastStep | null {
    return this.#last;
  }

  launched(step: number, launched: LaunchedStep): void {
    this.#launched.set(step, launched);
  }

  arrived({ step, loss, gradientNorm, positiveShare, isSound }: StepMetrics): void {
    const { run, board, now, gpu } = this.#training;
    const { indices, learningRate, timing } = this.#launched.get(step)!;
    this.#launched.delete(step);
    const { total, waiting, copying } = timing;
    const share = (seconds: number) => (total > 0 ? Math.min(1, seconds / total) : 0);
    const sample = gpu();
    const rates = {
      windows_per_s: total > 0 ? indices.length / total : 0,
      waiting_share: share(waiting),
      copying_share: share(copying),
      computing_share: Math.max(0, 1 - share(waiting) - share(copying)),
    };
    run.events.append('step', step + 1, {
      loss,
      learning_rate: learningRate,
      gradient_norm: gradientNorm,
      positive_share: positiveShare,
      ...rates,
      gpu_utilisation: sample?.utilisation ?? null,
      gpu_memory_bytes: sample?.memoryBytes ?? null,
      windows: hashOf(indices),
    });
    board.scalars(
      step + 1,
      {
        'train/loss': loss,
        'train/learning_rate': learningRate,
        'train/gradient_norm': gradientNorm,
        'train/positive_share': positiveShare,
        'speed/windows_per_s': rates.windows_per_s,
        'speed/waiting_share': rates.waiting_share,
        ...(sample?.utilisation != null && { 'gpu/utilisation': sample.utilisation }),
        ...(sample?.memoryBytes != null && { 'gpu/memory_bytes': sample.memoryBytes }),
      },
      now(),
    );
    this.#last = {
      loss,
      learningRate,
      windowsPerSecond: rates.windows_per_s,
      waitingShare: rates.waiting_share,
    };
    if (!isSound) this.#skipped(step, indices, { loss, gradient_norm: gradientNorm });
  }

  /** A step that changed nothing, with its windows, so that what is wrong with them can be looked for. */
  #skipped(step: number, indices: readonly number[], metrics: EventFields): void {
    const { run, log, windowNames } = this.#training;
    const names = windowNames(indices);
    run.events.append('skipped', step + 1, { ...metrics, window_list: names });
    const named = names.length > MOST_NAMED ? [...names.slice(0, MOST_NAMED), '...'] : names;
    log.warning(
      `step ${step + 1} skipped: loss ${metrics.loss}, gradient norm ${metrics.gradient_norm}; its windows: ${named.join(', ')}`,
    );
  }
}

/** The same on every machine. */
function hashOf(indices: readonly number[]): string {
  return sha256(new Uint8Array(Uint32Array.from(indices).buffer)).slice(0, 16);
}
