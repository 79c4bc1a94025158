import type { CheckpointState, Json } from '../runs/index.ts';
import type { Mirror } from '../signal/index.ts';
import type { Tensor } from '../torch/index.ts';
import { type Augmentation, drawAugmentation, mirrorFrom } from './augmentation.ts';
import { fillFrom, toStored } from './checkpoint-tensors.ts';
import { collapseIn, likelyCauses } from './collapse.ts';
import { NO_PROGRESS, type Progress, progressAfter } from './early-stopping.ts';
import { GraphedStep } from './graphed-step.ts';
import { writeHistograms } from './histograms.ts';
import type { Metrics, Outcome, Training } from './loop.ts';
import { lossOdds } from './loss-settings.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';
import type { StepMetrics } from './metric-ring.ts';
import { CollapseError, NotFiniteError } from './run-stop.ts';
import { learningRateShare } from './schedule.ts';
import type { StepParts } from './step.ts';
import { StepClock } from './step-clock.ts';
import { StepLog } from './step-log.ts';
import { stepParts } from './step-parts.ts';
import { WeightAverage } from './weight-average.ts';

/** Where training stands; a checkpoint stores it beside the tensors. Counts of what is done. */
interface State {
  step: number;
  epoch: number;
  /** Optimiser steps into the epoch. */
  stepInEpoch: number;
  skipped: number;
  skippedInARow: number;
  /** Evaluations that looked collapsed, one after the other up to the last. */
  collapsedInARow: number;
  progress: Progress;
  metrics: Metrics;
  /** Share of seizure in the samples of the last epoch that ended. */
  positiveShare: number | null;
}

/** Sums over the sound steps of an epoch. */
interface EpochLoss {
  sum: number;
  positives: number;
  steps: number;
}

/** What one training holds from step to step. */
export class LoopState implements Disposable {
  readonly state: State = {
    step: 0,
    epoch: 0,
    stepInEpoch: 0,
    skipped: 0,
    skippedInARow: 0,
    collapsedInARow: 0,
    progress: NO_PROGRESS,
    metrics: {},
    positiveShare: null,
  };
  readonly #training: Training;
  readonly #parts: StepParts;
  readonly #mirror: Mirror | null;
  readonly #step: GraphedStep;
  readonly #average: WeightAverage | null;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #clock = new StepClock();
  readonly #stepLog: StepLog;
  #savedAtMs: number;
  #epochLoss: EpochLoss = { sum: 0, positives: 0, steps: 0 };

  constructor(training: Training) {
    const { config, model } = training;
    this.#training = training;
    this.#stepLog = new StepLog(training);
    this.#savedAtMs = training.now().getTime();
    this.#parts = stepParts(config, training);
    this.#mirror = mirrorFrom(config);
    const decay = config.training.ema_decay;
    this.#average = decay === null ? null : new WeightAverage(this.#parts.parameters, decay);
    this.#step = new GraphedStep(this.#parts);
    this.#tensors = new Map([
      ...model.parameters(),
      ...model.buffers(),
      ...(this.#average?.state(model.parameters()) ?? []),
      ...this.#parts.optimizer.state(),
    ]);
  }

  /** Says which windows the steps to come will ask for, in order. */
  plan(order: readonly number[]): void {
    const { config, windows } = this.#training;
    const { batch_size, gradient_accumulation_steps } = config.training;
    const steps = inBatches(order, batch_size * gradient_accumulation_steps);
    windows.plan(steps.flatMap((indices) => inBatches(indices, batch_size)).map((batch) => this.#own(batch)));
  }

  /** One optimiser step on these windows; metrics that have arrived meanwhile are logged. */
  step(indices: readonly number[], totalSteps: number): void {
    const { config, heartbeat, onProgress } = this.#training;
    const { training } = config;
    const { state } = this;
    const { type, warmup_ratio } = training.scheduler;
    const rate =
      training.learning_rate * learningRateShare({ type, warmupRatio: warmup_ratio }, state.step, totalSteps);
    this.#clock.begin();
    this.#withinMemory('training', () => {
      const { batches, sizes, fetchedMs, waitedMs } = this.#fetch(indices);
      this.#step.run(batches, state.step, rate, sizes);
      this.#average?.update(state.step);
      for (const batch of batches) for (const tensor of Object.values(batch)) tensor.dispose();
      const timing = this.#clock.end(fetchedMs, waitedMs);
      this.#stepLog.launched(state.step, { indices, learningRate: rate, timing });
    });
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
      last: this.#stepLog.last,
      gpu: this.#training.gpu(),
    });
  }

  /** Brings all metrics of the steps so far into the log. */
  flush(): void {
    this.#parts.ring.send();
    this.#withinMemory('training', () => this.#report(this.#parts.ring.receive({ wait: true })));
    this.#clock.pause();
  }

  /** Metrics on dev, with the averaged weights where there are; null when interrupted. */
  async measure(): Promise<Metrics | null> {
    const { evaluate, heartbeat } = this.#training;
    if (evaluate === null) return {};
    heartbeat.enter('evaluating');
    this.#step.release();
    try {
      return await (this.#average === null ? evaluate() : this.#average.within(evaluate));
    } catch (error) {
      throw this.#explained(error, 'evaluating on dev');
    } finally {
      heartbeat.enter('training');
      this.#clock.pause();
    }
  }

  /**
   * Ends an epoch whose evaluation gave these metrics. Returns whether this is the best model so far.
   *
   * @throws CollapseError where too many evaluations in a row look collapsed
   */
  endEpoch(metrics: Metrics): boolean {
    const { config, evaluate, run, log, board, now, model } = this.#training;
    const { state } = this;
    state.epoch++;
    state.stepInEpoch = 0;
    const { sum, positives, steps } = this.#epochLoss;
    const trained = {
      train_loss: steps > 0 ? sum / steps : null,
      positive_share: steps > 0 ? positives / steps : null,
    };
    this.#epochLoss = { sum: 0, positives: 0, steps: 0 };
    if (trained.positive_share === 0)
      log.warning(`epoch ${state.epoch}: no batch held a seizure sample; the model can only learn to say no`);
    state.metrics = metrics;
    state.positiveShare = trained.positive_share;
    run.events.append('epoch', state.step, { epoch: state.epoch, ...trained, ...metrics });
    board.scalars(state.step, prefixed('dev/', metrics), now());
    const { log_weights: ofWeights, log_gradients: ofGradients } = config.logging;
    writeHistograms(board, state.step, model.parameters(), { ofWeights, ofGradients, now: now() });
    log.info(`epoch ${state.epoch}/${config.training.epochs}: ${describe({ ...trained, ...metrics })}`);
    this.#guardCollapse(metrics, trained.positive_share);
    const stopping = config.training.early_stopping;
    if (stopping === null || evaluate === null) return true;
    const before = state.progress.best;
    state.progress = progressAfter(state.progress, metrics[stopping.metric] ?? null, stopping.mode);
    return before === null || state.progress.best !== before;
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

  /** Whether `training.checkpoint_minutes` have passed since the last checkpoint. */
  isCheckpointDue(): boolean {
    const { config, now } = this.#training;
    const minutes = config.training.checkpoint_minutes;
    return minutes !== null && now().getTime() - this.#savedAtMs >= minutes * 60_000;
  }

  async save(name: string): Promise<void> {
    this.flush();
    const { config, run, board, now, heartbeat, peers } = this.#training;
    if (peers?.isFirst === false) return;
    heartbeat.enter('saving');
    const { step, epoch, stepInEpoch, skipped, skippedInARow, collapsedInARow, progress, metrics } =
      this.state;
    const stopping = config.training.early_stopping;
    await run.saveCheckpoint(name, {
      tensors: toStored(this.#tensors),
      keep: name === 'last' ? config.training.keep_checkpoints : 1,
      state: {
        model: { ...config.model } as { [key: string]: Json },
        step,
        epoch,
        counters: {
          step_in_epoch: stepInEpoch,
          skipped,
          skipped_in_a_row: skippedInARow,
          collapsed_in_a_row: collapsedInARow,
        },
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
        seizure_shares: this.#seizureShares(),
        board_records: board.records,
      },
    });
    this.#savedAtMs = now().getTime();
    heartbeat.enter('training');
    this.#clock.pause();
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
      collapsedInARow: counters.collapsed_in_a_row ?? 0,
      progress: stored.progress,
      metrics: stored.metrics,
      positiveShare: checkpoint.state.seizure_shares?.batches ?? null,
    });
    this.#epochLoss = { ...stored.epoch_loss };
    this.#training.log.info(`resumed at step ${step}, epoch ${epoch}`);
  }

  /** Of the last epoch that ended, or of the first as far as it has come. */
  #seizureShares(): CheckpointState['seizure_shares'] {
    const { loss, prevalence } = this.#training;
    const { positives, steps } = this.#epochLoss;
    const batches = this.state.positiveShare ?? (steps > 0 ? positives / steps : null);
    const odds = lossOdds(loss);
    if (batches === null || !(odds > 0 && Number.isFinite(odds))) return null;
    return { batches, loss_odds: odds, recordings: prevalence };
  }

  outcome(reason: Outcome['reason']): Outcome {
    const { step, epoch, metrics, skipped } = this.state;
    return { reason, step, epoch, metrics, skipped };
  }

  [Symbol.dispose](): void {
    this.#step[Symbol.dispose]();
    this.#parts.ring[Symbol.dispose]();
    this.#parts.joint?.[Symbol.dispose]();
    this.#average?.[Symbol.dispose]();
  }

  /** This process's windows of each batch of a step, and how many windows each batch has in all. */
  #fetch(indices: readonly number[]) {
    const { config, windows } = this.#training;
    const [before, waitedBefore] = [this.#clock.now, windows.waitedMs ?? 0];
    const whole = inBatches(indices, config.training.batch_size);
    const batches = whole.map((batch) => {
      const own = this.#own(batch);
      return windows.batch(own, this.#augmentation(own));
    });
    return {
      batches,
      sizes: whole.map(({ length }) => length),
      fetchedMs: this.#clock.now - before,
      waitedMs: (windows.waitedMs ?? 0) - waitedBefore,
    };
  }

  #own(batch: readonly number[]): readonly number[] {
    return this.#training.peers?.own(batch) ?? batch;
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
    const { state } = this;
    const { guards } = this.#training.config.training;
    for (const metrics of arrived) {
      const { step, loss, positiveShare, isSound } = metrics;
      this.#stepLog.arrived(metrics);
      if (isSound) {
        this.#epochLoss.sum += loss;
        this.#epochLoss.positives += positiveShare;
        this.#epochLoss.steps++;
      }
      state.skipped += isSound ? 0 : 1;
      state.skippedInARow = isSound ? 0 : state.skippedInARow + 1;
      if (state.skippedInARow >= guards.skipped_steps)
        throw new NotFiniteError(
          `Loss or gradient was not finite in ${guards.skipped_steps} steps in a row, up to step ${step + 1}. Lower training.learning_rate, or look at the windows of these steps, which the log names.`,
        );
    }
  }

  #guardCollapse(metrics: Metrics, positiveShare: number | null): void {
    const { config, log } = this.#training;
    const { guards } = config.training;
    if (guards.collapse_epochs === null) return;
    const reason = collapseIn(metrics, guards);
    this.state.collapsedInARow = reason === null ? 0 : this.state.collapsedInARow + 1;
    if (reason === null) return;
    const times = `${this.state.collapsedInARow} of the ${guards.collapse_epochs} evaluations in a row that stop the run`;
    log.warning(`epoch ${this.state.epoch}: ${reason} (${times})`);
    if (this.state.collapsedInARow < guards.collapse_epochs) return;
    const causes = likelyCauses(config, positiveShare).map((cause) => `\n- ${cause}`);
    throw new CollapseError(
      `The model has collapsed: after epoch ${this.state.epoch}, for ${guards.collapse_epochs} evaluations in a row, ${reason}. Likely causes:${causes.join('')}\nTo train on all the same, set training.guards.collapse_epochs to null and --resume.`,
    );
  }

  #withinMemory<T>(during: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw this.#explained(error, during);
    }
  }

  #explained(error: unknown, during: string): unknown {
    if (!isMemoryShortage(error)) return error;
    const { config, fittingBatch } = this.#training;
    return outOfMemory(error, { during, batchSize: config.training.batch_size, fitting: fittingBatch() });
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
