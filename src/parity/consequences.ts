import type { Config } from '../config/index.ts';
import { free, type Judgement, MUST_EQUAL, mayDiffer } from './judgement.ts';

/** Numbers as people write them: 2.83, 0.00085. */
const short = (value: number) => String(Number(value.toPrecision(3)));

/** Windows of an optimiser step, and of a forward pass, which batch norm takes its statistics over. */
function batchOf({ training }: Config): { step: number; pass: number } {
  const { batch_size, gradient_accumulation_steps } = training;
  return { step: batch_size * gradient_accumulation_steps, pass: batch_size };
}

/**
 * What follows from batches of different sizes. The square root is the rule for Adam and its kin (Malladi et al.
 * 2022), the proportion that for SGD (Goyal et al. 2017).
 */
export function ofBatch(a: Config, b: Config): Judgement {
  const [one, other] = [batchOf(a), batchOf(b)];
  const norm =
    one.pass === other.pass
      ? ''
      : ` Batch norm takes its statistics over ${one.pass} windows in A and ${other.pass} in B: noisier in ${one.pass < other.pass ? 'A' : 'B'}.`;
  if (one.step === other.step)
    return mayDiffer(
      `An optimiser step takes ${one.step} windows in both, so that learning rate and number of steps fit.${norm} Losses are alike, not equal: compare them by epoch.`,
    );
  const ratio = other.step / one.step;
  const isAdam = b.training.optimizer === 'adamw';
  const factor = isAdam ? Math.sqrt(ratio) : ratio;
  const rate = a.training.learning_rate * factor;
  const rule = isAdam ? 'the square root of that, AdamW' : 'as much, SGD';
  const steps =
    ratio > 1
      ? `B makes ${short(ratio)} times fewer steps an epoch`
      : `B makes ${short(1 / ratio)} times as many steps an epoch`;
  return mayDiffer(
    `An optimiser step takes ${one.step} windows in A and ${other.step} in B: ${steps}, for which training.learning_rate would be ${short(rate)} by the usual rule (${rule}).${norm} Losses can be compared by epoch, not step by step: no tolerance holds for them.`,
  );
}

/** A learning rate has to be equal, unless it differs as the batches do, by one of the two usual rules. */
export function ofLearningRate(a: Config, b: Config): Judgement {
  const ratio = batchOf(b).step / batchOf(a).step;
  const rates = b.training.learning_rate / a.training.learning_rate;
  const isOfBatch =
    ratio !== 1 && [ratio, Math.sqrt(ratio)].some((factor) => Math.abs(rates / factor - 1) < 0.05);
  return isOfBatch
    ? mayDiffer(`It follows the batch: ${short(rates)} times, for ${short(ratio)} times the windows a step.`)
    : MUST_EQUAL;
}

/** Relative rounding of one operation: 2^-8 of bfloat16, 2^-11 of TF32, 2^-24 of float32. */
function precisionOf({ training, experiment }: Config): { name: string; tolerance: string } {
  if (experiment.device === 'cpu') return { name: 'float32', tolerance: '1e-4' };
  if (training.mixed_precision)
    return { name: 'bfloat16, where a GPU may mix it in', tolerance: 'some percent' };
  return training.tf32 ? { name: 'TF32 (a GPU)', tolerance: '1 %' } : { name: 'float32', tolerance: '1e-4' };
}

/** What follows from another precision. */
export function ofPrecision(a: Config, b: Config): Judgement {
  const [one, other] = [precisionOf(a), precisionOf(b)];
  if (one.name === other.name) return free(`both compute in ${one.name}`);
  const coarser = [one, other].find(({ tolerance }) => tolerance !== '1e-4') ?? one;
  return mayDiffer(
    `A computes in ${one.name}, B in ${other.name}: learning rate, steps and batch norm stay as they are; losses agree to ${coarser.tolerance} in the first steps and drift apart after that.`,
  );
}

/** There is one model for every device; mixed precision is a GPU's alone. */
export function ofDevice(a: Config, b: Config): Judgement {
  const judged = ofPrecision(a, b);
  return judged.kind === 'free' ? free('one model on every device') : judged;
}

/** What follows from two names of a file: they may be one content; none and one may not. */
export function ofFiles(field: 'data.split_file' | 'training.init_from', what: string) {
  return (a: Config, b: Config): Judgement => {
    const values = [a, b].map(({ data, training }) =>
      field === 'data.split_file' ? data.split_file : training.init_from,
    );
    return values.includes(null)
      ? MUST_EQUAL
      : mayDiffer(`The two have to ${what}, which a comparison of configurations does not look into.`);
  };
}
