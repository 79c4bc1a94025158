import { sha256 } from '../files/index.ts';
import type { Json } from '../runs/index.ts';
import type { Mirror } from '../signal/index.ts';
import type { Tensor } from '../torch/index.ts';
import { type Augmentation, drawAugmentation, mirrorFrom } from './augmentation.ts';
import { fillFrom, toStored } from './checkpoint-tensors.ts';
import { NO_PROGRESS, type Progress, progressAfter } from './early-stopping.ts';
import type { Metrics, Outcome, Training } from './loop.ts';
import type { StepMetrics } from './metric-ring.ts';
import { NotFiniteError } from './not-finite.ts';
import { learningRateShare } from './schedule.ts';
import { type StepParts, trainingStep } from './step.ts';
import { stepParts } from './step-parts.ts';

/** Where training stands; a checkpoint stores it beside the tensors. Counts of what is done. */
interface State {
  step: number;
  epoch: number;
  /** Optimiser steps into the epoch. */
  stepInEpoch: number;
  skipped: number;
  skippedInARow: number;
  progress: Progress;
  metrics: Metrics;
}

/** Sums over the sound steps of an epoch. */
interface EpochLoss {
  sum: number;
  positives: number;
  steps: number;
}

/** As many steps in a row without a finite loss and gradient stop the run: it will not recover by itself. */
const SKIPPED_LIMIT = 20;

/** What one training holds from step to step. */
export class LoopState implements Disposable {
  readonly state: State = {
    step: 0,
    epoch: 0,
    stepInEpoch: 0,
    skipped: 0,
    skippedInARow: 0,
    progress: NO_PROGRESS,
    metrics: {},
  };
  readonly #training: Training;
  readonly #parts: StepParts;
  readonly #mirror: Mirror | null;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  /** Of steps whose metrics have not arrived: a hash of the window indices, the same on every machine. */
  readonly #windowHashes = new Map<number, string>();
  #lastLoss: number | null = null;
  #epochLoss: EpochLoss = { sum: 0, positives: 0, steps: 0 };

  constructor(training: Training) {
    const { config, model } = training;
    this.#training = training;
    this.#parts = stepParts(config, training);
    this.#mirror = mirrorFrom(config);
    this.#tensors = new Map([...model.parameters(), ...model.buffers(), ...this.#parts.optimizer.state()]);
  }

  /** Says which windows the steps to come will ask for, in order. */
  plan(order: readonly number[]): void {
    const { config, windows } = this.#training;
    const { batch_size, gradient_accumulation_steps } = config.training;
    const steps = inBatches(order, batch_size * gradient_accumulation_steps);
    windows.plan(steps.flatMap((indices) => inBatches(indices, batch_size)));
  }

  /** One optimiser step on these windows; metrics that have arrived meanwhile are logged. */
  step(indices: readonly number[], totalSteps: number): void {
    const { config, windows, heartbeat, onProgress } = this.#training;
    const { training } = config;
    const { state } = this;
    const { type, warmup_ratio } = training.scheduler;
    const rate =
      training.learning_rate * learningRateShare({ type, warmupRatio: warmup_ratio }, state.step, totalSteps);
    const batches = inBatches(indices, training.batch_size).map((batch) =>
      windows.batch(batch, this.#augmentation(batch)),
    );
    this.#windowHashes.set(state.step, sha256(new Uint8Array(Uint32Array.from(indices).buffer)).slice(0, 16));
    trainingStep(this.#parts, batches, state.step, rate);
    for (const batch of batches) for (const tensor of Object.values(batch)) tensor.dispose();
    state.step++;
    state.stepInEpoch++;
    heartbeat.update(state.step, state.epoch);
    if (this.#parts.ring.isFull) this.#parts.ring.send();
    this.#report(this.#parts.ring.receive());
    onProgress({
      epoch: state.epoch,
      epochs: training.epochs,
      step: state.step,
      steps: totalSteps,
      loss: this.#lastLoss,
    });
  }

  /** Brings all metrics of the steps so far into the log. */
  flush(): void {
    this.#parts.ring.send();
    this.#report(this.#parts.ring.receive({ wait: true }));
  }

  /** Evaluates on dev after an epoch and logs it. Returns whether this is the best model so far. */
  evaluate(): boolean {
    const { config, evaluate, run, log, board, now } = this.#training;
    const { state } = this;
    const { sum, positives, steps } = this.#epochLoss;
    const trained = {
      train_loss: steps > 0 ? sum / steps : null,
      positive_share: steps > 0 ? positives / steps : null,
    };
    this.#epochLoss = { sum: 0, positives: 0, steps: 0 };
    if (trained.positive_share === 0)
      log.warning(`epoch ${state.epoch}: no batch held a seizure sample; the model can only learn to say no`);
    state.metrics = evaluate === null ? {} : evaluate();
    run.events.append('epoch', state.step, { epoch: state.epoch, ...trained, ...state.metrics });
    board.scalars(state.step, prefixed('dev/', state.metrics), now());
    log.info(`epoch ${state.epoch}/${config.training.epochs}: ${describe({ ...trained, ...state.metrics })}`);
    const stopping = config.training.early_stopping;
    if (stopping === null || evaluate === null) return true;
    const before = state.progress.best;
    state.progress = progressAfter(state.progress, state.metrics[stopping.metric] ?? null, stopping.mode);
    return state.progress.best !== before || (before === null && state.epoch === 1);
  }

  isOutOfPatience(): boolean {
    const stopping = this.#training.config.training.early_stopping;
    if (stopping === null || this.#training.evaluate === null) return false;
    if (this.state.progress.withoutImprovement < stopping.patience) return false;
    const { best } = this.state.progress;
    this.#training.log.info(
      `stopped early: ${stopping.metric} has not improved on ${best ?? 'undefined'} for ${stopping.patience} evaluations`,
    );
    return true;
  }

  async save(name: string): Promise<void> {
    this.flush();
    const { config, run } = this.#training;
    const { step, epoch, stepInEpoch, skipped, skippedInARow, progress, metrics } = this.state;
    const stopping = config.training.early_stopping;
    await run.saveCheckpoint(name, {
      tensors: toStored(this.#tensors),
      state: {
        model: { ...config.model } as { [key: string]: Json },
        step,
        epoch,
        counters: { step_in_epoch: stepInEpoch, skipped, skipped_in_a_row: skippedInARow },
        loop: {
          config: config as unknown as Json,
          progress: { ...progress },
          metrics: { ...metrics },
          epoch_loss: { ...this.#epochLoss },
        },
        metric:
          stopping && stopping.metric in metrics
            ? { name: stopping.metric, value: metrics[stopping.metric] ?? null, mode: stopping.mode }
            : null,
        thresholds: null,
      },
    });
  }

  /** Goes on from the run's checkpoint, if it has one. */
  async restore(): Promise<void> {
    const checkpoint = this.#training.run.resumedFrom;
    if (checkpoint === null) return;
    await fillFrom(checkpoint.tensors, this.#tensors);
    const { step, epoch, counters, loop } = checkpoint.state;
    const stored = loop as unknown as { progress: Progress; metrics: Metrics; epoch_loss: EpochLoss };
    Object.assign(this.state, {
      step,
      epoch,
      stepInEpoch: counters.step_in_epoch ?? 0,
      skipped: counters.skipped ?? 0,
      skippedInARow: counters.skipped_in_a_row ?? 0,
      progress: stored.progress,
      metrics: stored.metrics,
    });
    this.#epochLoss = { ...stored.epoch_loss };
    this.#training.log.info(`resumed at step ${step}, epoch ${epoch}`);
  }

  outcome(reason: Outcome['reason']): Outcome {
    const { step, epoch, metrics } = this.state;
    return { reason, step, epoch, metrics };
  }

  [Symbol.dispose](): void {
    this.#parts.ring[Symbol.dispose]();
  }

  #augmentation(indices: readonly number[]): Augmentation | null {
    const { config, windows } = this.#training;
    return drawAugmentation(config.training.augmentation, {
      seed: config.experiment.seed,
      epoch: this.state.epoch,
      windows: indices,
      channels: windows.channels,
      mirror: this.#mirror,
    });
  }

  #report(arrived: readonly StepMetrics[]): void {
    const { run, board, now, log } = this.#training;
    const { state } = this;
    for (const { step, loss, gradientNorm, positiveShare, isSound } of arrived) {
      run.events.append('step', step + 1, {
        loss,
        gradient_norm: gradientNorm,
        positive_share: positiveShare,
        windows: this.#windowHashes.get(step)!,
      });
      this.#windowHashes.delete(step);
      board.scalars(step + 1, { 'train/loss': loss, 'train/gradient_norm': gradientNorm }, now());
      this.#lastLoss = loss;
      if (isSound) {
        this.#epochLoss.sum += loss;
        this.#epochLoss.positives += positiveShare;
        this.#epochLoss.steps++;
      } else {
        log.warning(`step ${step + 1} skipped: loss ${loss}, gradient norm ${gradientNorm}`);
      }
      state.skipped += isSound ? 0 : 1;
      state.skippedInARow = isSound ? 0 : state.skippedInARow + 1;
      if (state.skippedInARow >= SKIPPED_LIMIT)
        throw new NotFiniteError(
          `Loss or gradient was not finite in ${SKIPPED_LIMIT} steps in a row, up to step ${step + 1}. Lower training.learning_rate, or look at the recordings of these batches.`,
        );
    }
  }
}

function inBatches(indices: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(indices.length / size) }, (_, i) =>
    indices.slice(i * size, (i + 1) * size),
  );
}

function prefixed(prefix: string, metrics: Metrics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [[prefix + name, value]])),
  );
}

function describe(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value === null ? 'undefined' : value.toPrecision(4)}`)
    .join(', ');
}
