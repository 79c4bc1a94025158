import type { ModelCost, Precision } from './cost.ts';

export interface TrainingMemory {
  /** Weights, gradients, optimiser state, averages: whatever the batch. */
  readonly fixedBytes: number;
  /** What each window of a batch adds, at the most there is at once. */
  readonly windowBytes: number;
}

/**
 * Memory of a training step.
 *
 * @param states float32 values that the optimiser keeps for each weight: 2 for AdamW, 1 for SGD
 */
export function trainingMemory(
  { parameters, activationBytes, transientBytes }: ModelCost,
  { states, hasAverage, precision }: { states: number; hasAverage: boolean; precision: Precision },
): TrainingMemory {
  const copies = 2 + states + (hasAverage ? 1 : 0) + (precision === 'bfloat16' ? 0.5 : 0);
  return { fixedBytes: 4 * parameters * copies, windowBytes: activationBytes + transientBytes };
}

/** Share of the free memory that is not planned with: the library's own, and what its allocator cannot use. */
const RESERVE = 0.1;

/** Windows that fit into this much free memory at once, before anything of the model is there. */
export function fittingBatch(freeBytes: number, { fixedBytes, windowBytes }: TrainingMemory): number {
  return Math.max(0, Math.floor((freeBytes * (1 - RESERVE) - fixedBytes) / windowBytes));
}
