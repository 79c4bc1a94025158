import { numberIn, readRunEvents } from '../runs/index.ts';
import type { RunSide } from './run-side.ts';

/** How two runs went, step by step. Steps count from 1. */
export interface StepDifferences {
  /** Steps that both have recorded. */
  readonly compared: number;
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
 * with training: two orders of sums in float32 were 2e-4 apart after 7 steps and 5e-3 after 50 (docs/parity.md).
 */
const TOLERANCES: Readonly<Record<Precision, { first: number; perStep: number }>> = {
  float32: { first: 1e-5, perStep: 3e-4 },
  tf32: { first: 1e-2, perStep: 2e-3 },
  bfloat16: { first: 3e-2, perStep: 5e-3 },
};

/** No loss that is still one of the same training is farther off. */
const LARGEST = 0.5;

/** What losses of the coarser of two runs may be apart at a step. */
export function toleranceOf(precision: Precision, step: number): number {
  const { first, perStep } = TOLERANCES[precision];
  return Math.min(LARGEST, first + perStep * (step - 1));
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
  const stepsOfA = await stepsOf(a);
  let [compared, largest] = [0, 0];
  let windows: number | null = null;
  let anyLoss: StepLosses | null = null;
  let loss: StepDifferences['loss'] = null;
  for (const [step, other] of await stepsOf(b)) {
    const one = stepsOfA.get(step);
    if (one === undefined) continue;
    compared++;
    if (one.windows !== other.windows) windows ??= step;
    const difference = relative(one.loss, other.loss);
    if (difference === 0) continue;
    largest = Math.max(largest, difference);
    const losses = { step, a: one.loss, b: other.loss, difference };
    anyLoss ??= losses;
    const tolerance = toleranceOf(precision, step);
    if (difference > tolerance) loss ??= { ...losses, tolerance };
  }
  return { compared, precision, windows, anyLoss, loss, largest };
}

function relative(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  return Number.isNaN(difference) ? Infinity : difference;
}

/** In rising order; of a step that was done again, the last. */
async function stepsOf({ path }: RunSide): Promise<Map<number, { loss: number; windows: unknown }>> {
  const steps = new Map<number, { loss: number; windows: unknown }>();
  for await (const event of readRunEvents(path))
    if (event.kind === 'step')
      steps.set(event.step, { loss: numberIn(event, 'loss') ?? Number.NaN, windows: event.windows });
  return new Map([...steps].sort(([one], [other]) => one - other));
}
