import type { CheckpointState } from '../runs/index.ts';
import { NO_PROGRESS, type Progress } from './early-stopping.ts';
import type { Metrics } from './loop.ts';

/** Sums over the sound steps of an epoch. */
export interface EpochSums {
  readonly loss: number;
  readonly positives: number;
  readonly steps: number;
}

/** Where a training stands. Counts are of what is done. */
export interface TrainingState {
  step: number;
  epoch: number;
  /** Optimiser steps into the epoch. */
  stepInEpoch: number;
  skipped: number;
  skippedInARow: number;
  /** Evaluations that looked collapsed, one after the other up to the last. */
  collapsedInARow: number;
  progress: Progress;
  /** Of the last evaluation. */
  metrics: Metrics;
  /** Share of seizure in the samples of the last epoch that ended. */
  positiveShare: number | null;
  sums: EpochSums;
}

export const NO_SUMS: EpochSums = { loss: 0, positives: 0, steps: 0 };

/** Before the first step. */
export function newState(): TrainingState {
  return {
    step: 0,
    epoch: 0,
    stepInEpoch: 0,
    skipped: 0,
    skippedInARow: 0,
    collapsedInARow: 0,
    progress: NO_PROGRESS,
    metrics: {},
    positiveShare: null,
    sums: NO_SUMS,
  };
}

/** Means over the sound steps of the epoch so far; null without any. */
export function epochMeans({ sums: { loss, positives, steps } }: TrainingState) {
  return {
    train_loss: steps > 0 ? loss / steps : null,
    positive_share: steps > 0 ? positives / steps : null,
  };
}

/** The fields of a checkpoint that {@link restoredState} reads; `loop` may hold more. */
export function storedState(
  state: TrainingState,
): Pick<CheckpointState, 'step' | 'epoch' | 'counters' | 'loop'> {
  const { step, epoch, stepInEpoch, skipped, skippedInARow, collapsedInARow, progress, metrics, sums } =
    state;
  return {
    step,
    epoch,
    counters: {
      step_in_epoch: stepInEpoch,
      skipped,
      skipped_in_a_row: skippedInARow,
      collapsed_in_a_row: collapsedInARow,
    },
    loop: {
      progress: { ...progress },
      metrics: { ...metrics },
      epoch_loss: { sum: sums.loss, positives: sums.positives, steps: sums.steps },
    },
  };
}

interface StoredLoop {
  readonly progress: Progress;
  readonly metrics: Metrics;
  readonly epoch_loss: { readonly sum: number; readonly positives: number; readonly steps: number };
}

export function restoredState({
  step,
  epoch,
  counters,
  loop,
  seizure_shares,
}: CheckpointState): TrainingState {
  const { progress, metrics, epoch_loss } = loop as unknown as StoredLoop;
  const { sum, positives, steps } = epoch_loss;
  return {
    step,
    epoch,
    stepInEpoch: counters.step_in_epoch ?? 0,
    skipped: counters.skipped ?? 0,
    skippedInARow: counters.skipped_in_a_row ?? 0,
    collapsedInARow: counters.collapsed_in_a_row ?? 0,
    progress,
    metrics,
    positiveShare: seizure_shares?.batches ?? null,
    sums: { loss: sum, positives, steps },
  };
}
