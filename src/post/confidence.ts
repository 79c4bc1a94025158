import { ProbabilitySum } from './probability-sum.ts';
import type { Run } from './runs.ts';

export type ConfidenceMethod = 'mean' | 'peak' | 'percentile';

/** How sure the detector was of a run: the mean, the maximum or a percentile (0 to 1) of its probabilities. */
export function confidence(
  probabilities: ArrayLike<number>,
  { start, end }: Run,
  method: ConfidenceMethod,
  share: number,
): number {
  if (method === 'percentile') {
    const values = Float64Array.from({ length: end - start }, (_, index) => probabilities[start + index]!);
    return percentile(values.sort(), share);
  }
  const sum = new ProbabilitySum();
  let peak = -Infinity;
  for (let index = start; index < end; index++) {
    sum.add(probabilities[index]!);
    if (probabilities[index]! > peak) peak = probabilities[index]!;
  }
  return method === 'peak' ? peak : sum.value / (end - start);
}

/** Quantile of sorted values with linear interpolation (Hyndman and Fan 1996, type 7; NumPy's default). */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
