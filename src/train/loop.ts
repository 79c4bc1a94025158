import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import { messageOf } from '../errors.ts';
import type { Peers } from '../nn/index.ts';
import type { GpuSample } from '../runs/index.ts';
import type { Device, Dtype, Tensor } from '../torch/index.ts';
import type { Keeping } from './keeping.ts';
import { LoopState } from './loop-state.ts';
import type { Loss } from './loss.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';
import type { TrainingPeers } from './peers.ts';
import { RunStop } from './run-stop.ts';
import type { Batch } from './step.ts';
import type { LastStep } from './step-log.ts';
import type { Windows } from './windows.ts';

/** The model as training sees it. */
export interface TrainableModel {
  parameters(): ReadonlyMap<string, Tensor>;
  /** Batch-norm statistics. */
  buffers(): ReadonlyMap<string, Tensor>;
  /**
   * (B, T, C) -> logits (B, T); `step` and the samples' indices decide the dropout masks. `peers` share the batch, where
   * there are any.
   */
  forwardTraining(batch: Batch, step: number | Tensor, peers?: Peers | null): Tensor;
}

export type Metrics = Readonly<Record<string, number | null>>;

export interface Training extends Keeping {
  readonly config: Config;
  readonly model: TrainableModel;
  readonly device: Device;
  readonly precision: Dtype | null;
  readonly loss: Loss;
  /** Share of seizure in the whole recordings that are trained on; null where that is not known. */
  readonly prevalence: number | null;
  readonly windows: Windows;
  /** Indices of the windows of an epoch (0 is the first), in order: the same on every machine. */
  readonly order: (epoch: number) => ArrayLike<number>;
  /** Metrics on the dev split, or null when interrupted; null where there is no dev split. */
  readonly evaluate: (() => Promise<Metrics | null>) | null;
  readonly now: () => Date;
  /** Set to the signal's name when the user wants to stop. */
  readonly interruption: () => NodeJS.Signals | null;
  readonly onProgress: (progress: TrainingProgress) => void;
  /** Names of windows for the log: which recording, and where in it. */
  readonly windowNames: (indices: readonly number[]) => string[];
  /** Windows that the device's memory would hold at once; null where that is not known. */
  readonly fittingBatch: () => number | null;
  /** The processes that train together; null for one alone. */
  readonly peers: TrainingPeers | null;
}

export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Optimiser steps done, of all. */
  readonly step: number;
  readonly steps: number;
  /** The last step whose metrics have arrived. */
  readonly last: LastStep | null;
  readonly gpu: GpuSample | null;
}

export interface Outcome {
  readonly reason: 'finished' | 'stopped early' | NodeJS.Signals;
  readonly step: number;
  readonly epoch: number;
  readonly metrics: Metrics;
  /** Steps left out because loss or gradient was not finite. */
  readonly skipped: number;
}

/**
 * Trains until the epochs are done, early stopping says so, or a signal comes. Interrupted and resumed at any
 * step, it ends with the same bits as without (same machine and thread count): the order of windows, gains and
 * dropout are functions of seed and counters, and the rest is in the checkpoint.
 *
 * @throws RunStop when loss, gradient or predictions are not finite any more, the model has collapsed, or the memory does
 * not suffice; the run is aborted
 */
export async function train(training: Training): Promise<Outcome> {
  let step = training.run.resumedFrom?.state.step ?? 0;
  try {
    using loop = new LoopState(training);
    try {
      await loop.restore();
      return await trainEpochs(training, loop);
    } catch (error) {
      // What is being written is to be whole before the run is let go of.
      await loop.saved().catch(() => undefined);
      throw error;
    } finally {
      step = loop.state.step;
    }
  } catch (error) {
    const stop = asStop(error, training);
    if (stop !== null) await training.run.abort(step, stop.message);
    else sayFailed(training, step, error);
    throw stop ?? error;
  }
}

/** For those who watch the run; what failed may be writing itself, and then the error says it. */
function sayFailed({ run }: Training, step: number, error: unknown): void {
  try {
    run.events.append('failed', step, { reason: messageOf(error) });
  } catch {}
}

/** What ends a run for good; null for any other error. */
function asStop(error: unknown, { config, fittingBatch }: Training): RunStop | null {
  if (error instanceof RunStop) return error;
  if (!isMemoryShortage(error)) return null;
  const batchSize = config.training.batch_size;
  return outOfMemory(error, { during: 'setting up', batchSize, fitting: fittingBatch() });
}

async function trainEpochs(training: Training, loop: LoopState): Promise<Outcome> {
  const { config, run, log } = training;
  const { epochs, batch_size, gradient_accumulation_steps, checkpoint_interval } = config.training;
  const { state } = loop;
  const windowsPerStep = batch_size * gradient_accumulation_steps;
  const interrupted = async (signal: NodeJS.Signals) => {
    loop.flush();
    // Said before the checkpoint, which counts the lines so far: resuming keeps it.
    run.events.append('stopped', state.step, { signal });
    await loop.save();
    await loop.saved();
    log.info(`${signal}: saved at step ${state.step}; go on with --resume`);
    return loop.outcome(signal);
  };

  while (state.epoch < epochs) {
    const order = Array.from(training.order(state.epoch));
    const stepsPerEpoch = Math.ceil(order.length / windowsPerStep);
    loop.plan(order.slice(state.stepInEpoch * windowsPerStep));
    while (state.stepInEpoch < stepsPerEpoch) {
      const first = state.stepInEpoch * windowsPerStep;
      loop.step(order.slice(first, first + windowsPerStep), epochs * stepsPerEpoch);
      await nextTurn();
      const signal = training.interruption();
      if (signal !== null) return await interrupted(signal);
      if (loop.isCheckpointDue()) await loop.save();
    }
    loop.flush();
    const metrics = await loop.measure();
    // The epoch's steps are done; on resuming it is evaluated first.
    if (metrics === null) return await interrupted(training.interruption()!);
    const isBest = loop.endEpoch(metrics);
    const { save_model, save_best_only } = config.experiment;
    const names: string[] = [];
    if (save_model && isBest) names.push('best');
    if (save_model && !save_best_only && state.epoch % checkpoint_interval === 0)
      names.push(`epoch-${String(state.epoch).padStart(4, '0')}`);
    await loop.save(names);
    if (!loop.isOutOfPatience()) continue;
    await loop.saved();
    return loop.outcome('stopped early');
  }
  await loop.saved();
  run.events.sync();
  return loop.outcome('finished');
}
