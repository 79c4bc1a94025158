import type { RunSide } from './run-side.ts';
import { StepRecords } from './step-records.ts';

/** How two runs went, step by step. Steps count from 1. */
export interface StepDifferences {
  /** Steps that both have recorded. */
  readonly compared: number;
  /** Of these, those whose windows both have recorded. */
  readonly comparedWindows: number;
  /** The last step of each; 0 before the first. */
  readonly lastOfA: number;
  readonly lastOfB: number;
  readonly precision: Precision;
  /** First step whose windows are others, or in another order. */
  readonly windows: number | null;
  /** First step whose loss is not the same to the bit. */
  readonly anyLoss: StepLosses | null;
  /** First step whose losses are farther apart than their precision explains. */
  readonly loss: (StepLosses & { readonly tolerance: number }) | null;
  /** Largest relative difference of a loss, over the steps compared. */
  readonly largest: number;
}

export interface StepLosses {
  readonly step: number;
  readonly a: number;
  readonly b: number;
  /** Relative. */
  readonly difference: number;
}

export type Precision = 'float32' | 'tf32' | 'bfloat16';

/**
 * Relative difference of losses that rounding explains in the first step, and by how much more it does with each step.
 * Rounding of 2^-24 (float32), 2^-11 (TF32), 2^-8 (bfloat16) is carried through some hundred operations; after that it grows
 * with training (docs/parity.md).
 */
const TOLERANCES: Readonly<Record<Precision, { first: number; perStep: number }>> = {
  float32: { first: 1e-5, perStep: 3e-4 },
  tf32: { first: 1e-2, perStep: 2e-3 },
  bfloat16: { first: 3e-2, perStep: 5e-3 },
};

/**
 * AdamW moves a weight by up to a learning rate a step, also one whose gradient is nothing but rounding, such as a bias before a
 * norm: two runs of one training may be twice the sum of learning rates apart in it.
 */
const PER_ADAMW_MOVE = 2;

/** No loss that is still one of the same training is farther off. */
const LARGEST = 0.5;

/**
 * What losses of the coarser of two runs may be apart at a step.
 *
 * @param moved the sum of the learning rates of the steps before, under AdamW; else 0
 */
export function toleranceOf(precision: Precision, step: number, moved: number): number {
  const { first, perStep } = TOLERANCES[precision];
  return Math.min(LARGEST, first + perStep * (step - 1) + PER_ADAMW_MOVE * moved);
}

/** What a run computed in. */
export function precisionOf({ run, config }: RunSide): Precision {
  if (run.environment.device === 'cpu') return 'float32';
  if (config.training.mixed_precision) return 'bfloat16';
  return config.training.tf32 ? 'tf32' : 'float32';
}

const COARSER: readonly Precision[] = ['float32', 'tf32', 'bfloat16'];

/** Compares the steps that two runs recorded. @throws InputError `RUN_EVENTS` where a log cannot be read */
export async function stepDifferences(a: RunSide, b: RunSide): Promise<StepDifferences> {
  const precision = COARSER[Math.max(COARSER.indexOf(precisionOf(a)), COARSER.indexOf(precisionOf(b)))]!;
  const [inA, inB] = [await StepRecords.read(a.path), await StepRecords.read(b.path)];
  let [compared, comparedWindows, largest] = [0, 0, 0];
  let windows: number | null = null;
  let anyLoss: StepLosses | null = null;
  let loss: StepDifferences['loss'] = null;
  const isAdamW = [a, b].some(({ config }) => config.training.optimizer === 'adamw');
  let moved = 0;
  for (let step = 1; step <= Math.min(inA.last, inB.last); step++) {
    if (!inA.has(step) || !inB.has(step)) continue;
    compared++;
    // A run of an earlier version does not say its windows.
    const [windowsOfA, windowsOfB] = [inA.windows(step), inB.windows(step)];
    if (windowsOfA !== null && windowsOfB !== null) {
      comparedWindows++;
      if (windowsOfA !== windowsOfB) windows ??= step;
    }
    const tolerance = toleranceOf(precision, step, moved);
    if (isAdamW) moved += Math.max(inA.learningRate(step), inB.learningRate(step));
    const [one, other] = [inA.loss(step), inB.loss(step)];
    const difference = relative(one, other);
    if (difference === 0) continue;
    largest = Math.max(largest, difference);
    const losses = { step, a: one, b: other, difference };
    anyLoss ??= losses;
    if (difference > tolerance) loss ??= { ...losses, tolerance };
  }
  const steps = { compared, comparedWindows, lastOfA: inA.last, lastOfB: inB.last };
  return { ...steps, precision, windows, anyLoss, loss, largest };
}

function relative(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  return Number.isNaN(difference) ? Infinity : difference;
}
