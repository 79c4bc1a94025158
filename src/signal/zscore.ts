import { pairwiseSum } from './pairwise-sum.ts';

/**
 * Mean 0 and standard deviation 1 (scipy.stats.zscore), except that a signal that does not vary becomes zeros,
 * never NaN. One value that is not finite makes all of them NaN.
 *
 * @param x (n)
 * @param ddof what is subtracted from n in the variance's denominator
 */
export function zscore(x: ArrayLike<number>, { ddof = 0 }: { readonly ddof?: number } = {}): Float64Array {
  const scores = Float64Array.from(x);
  const first = scores[0];
  if (Number.isFinite(first) && scores.every((value) => value === first)) return scores.fill(0);
  const mean = pairwiseSum(scores) / scores.length;
  for (let i = 0; i < scores.length; i++) scores[i]! -= mean;
  const squares = pairwiseSum(scores.map((value) => value * value));
  const deviation = Math.sqrt(squares / (scores.length - ddof));
  for (let i = 0; i < scores.length; i++) scores[i]! /= deviation;
  return scores;
}
