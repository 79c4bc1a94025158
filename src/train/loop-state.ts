import type { Tensor } from '../torch/index.ts';
import { endEpoch, isOutOfPatience } from './epoch-end.ts';
import { GraphedStep } from './graphed-step.ts';
import type { Metrics, Outcome, Training } from './loop.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';
import type { StepMetrics } from './metric-ring.ts';
import { NotFiniteError } from './run-stop.ts';
import { learningRateShare } from './schedule.ts';
import type { StepParts } from './step.ts';
import { StepBatches } from './step-batches.ts';
import { StepClock } from './step-clock.ts';
import { StepLog } from './step-log.ts';
import { stepParts } from './step-parts.ts';
import { TrainingCheckpoints } from './training-checkpoints.ts';
import { newState, type TrainingState } from './training-state.ts';
import { WeightAverage } from './weight-average.ts';

/** What one training holds from step to step, and the acts that the loop is made of. */
export class LoopState implements Disposable {
  readonly state: TrainingState = newState();
  readonly #training: Training;
  readonly #parts: StepParts;
  readonly #batches: StepBatches;
  readonly #step: GraphedStep;
  readonly #average: WeightAverage | null;
  readonly #checkpoints: TrainingCheckpoints;
  readonly #clock = new StepClock();
  readonly #stepLog: StepLog;

  constructor(training: Training) {
    const { config, model } = training;
    this.#training = training;
    this.#stepLog = new StepLog(training);
    this.#batches = new StepBatches(training);
    this.#parts = stepParts(config, training);
    const decay = config.training.ema_decay;
    this.#average = decay === null ? null : new WeightAverage(this.#parts.parameters, decay);
    this.#step = new GraphedStep(this.#parts);
    const tensors = new Map<string, Tensor>([
      ...model.parameters(),
      ...model.buffers(),
      ...(this.#average?.state(model.parameters()) ?? []),
      ...this.#parts.optimizer.state(),
    ]);
    this.#checkpoints = new TrainingCheckpoints(training, tensors);
  }

  /** Goes on from the run's checkpoint, if it has one. */
  async restore(): Promise<void> {
    const restored = await this.#checkpoints.restore();
    if (restored === null) return;
    Object.assign(this.state, restored);
    this.#training.log.info(`resumed at step ${restored.step}, epoch ${restored.epoch}`);
  }

  /** Says which windows the steps to come will ask for, in order. */
  plan(order: readonly number[]): void {
    this.#batches.plan(order);
  }

  /** One optimiser step on these windows; metrics that have arrived meanwhile are logged. */
  step(indices: readonly number[], totalSteps: number): void {
    const { config, heartbeat, onProgress, gpu } = this.#training;
    const { state } = this;
    const { learning_rate, scheduler, epochs } = config.training;
    const shape = { type: scheduler.type, warmupRatio: scheduler.warmup_ratio };
    const learningRate = learning_rate * learningRateShare(shape, state.step, totalSteps);
    this.#clock.begin();
    this.#withinMemory('training', () => {
      const before = this.#clock.now;
      const { batches, sizes, waitedMs } = this.#batches.fetch(indices, state.epoch);
      const fetchedMs = this.#clock.now - before;
      this.#step.run(batches, state.step, learningRate, sizes);
      this.#average?.update(state.step);
      for (const batch of batches) for (const tensor of Object.values(batch)) tensor.dispose();
      const timing = this.#clock.end(fetchedMs, waitedMs);
      this.#stepLog.launched(state.step, { indices, learningRate, timing });
    });
    state.step++;
    state.stepInEpoch++;
    heartbeat.update(state.step, state.epoch);
    if (this.#parts.ring.isFull) this.#parts.ring.send();
    this.#take(this.#parts.ring.receive());
    onProgress({
      epoch: state.epoch,
      epochs,
      step: state.step,
      steps: totalSteps,
      last: this.#stepLog.last,
      gpu: gpu(),
    });
  }

  /** Brings all metrics of the steps so far into the log. */
  flush(): void {
    this.#parts.ring.send();
    this.#withinMemory('training', () => this.#take(this.#parts.ring.receive({ wait: true })));
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

  /** As {@link endEpoch}. */
  endEpoch(metrics: Metrics): boolean {
    return endEpoch(this.#training, this.state, metrics);
  }

  isOutOfPatience(): boolean {
    return isOutOfPatience(this.#training, this.state);
  }

  isCheckpointDue(): boolean {
    return this.#checkpoints.isDue;
  }

  /** Takes the checkpoint `last`, under other names too; {@link LoopState.saved} waits until it is on disk. */
  async save(also: readonly string[] = []): Promise<void> {
    this.flush();
    const { heartbeat } = this.#training;
    heartbeat.enter('saving');
    await this.#checkpoints.save(this.state, also);
    heartbeat.enter('training');
    this.#clock.pause();
  }

  async saved(): Promise<void> {
    this.#training.heartbeat.enter('saving');
    await this.#checkpoints.written();
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

  /** Logs and counts metrics that have arrived. @throws NotFiniteError after too many steps in a row that were skipped */
  #take(arrived: readonly StepMetrics[]): void {
    const { state } = this;
    const limit = this.#training.config.training.guards.skipped_steps;
    for (const metrics of arrived) {
      const { step, loss, positiveShare, isSound } = metrics;
      this.#stepLog.arrived(metrics);
      if (isSound) {
        const { sums } = state;
        state.sums = {
          loss: sums.loss + loss,
          positives: sums.positives + positiveShare,
          steps: sums.steps + 1,
        };
      }
      state.skipped += isSound ? 0 : 1;
      state.skippedInARow = isSound ? 0 : state.skippedInARow + 1;
      if (state.skippedInARow >= limit)
        throw new NotFiniteError(
          `Loss or gradient was not finite in ${limit} steps in a row, up to step ${step + 1}. Lower training.learning_rate, or look at the windows of these steps, which the log names.`,
        );
    }
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
