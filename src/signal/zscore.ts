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
  let sum = 0;
  for (const value of scores) sum += value;
  const mean = sum / scores.length;
  let squares = 0;
  for (let i = 0; i < scores.length; i++) {
    scores[i]! -= mean;
    squares += scores[i]! ** 2;
  }
  const deviation = Math.sqrt(squares / (scores.length - ddof));
  for (let i = 0; i < scores.length; i++) scores[i]! /= deviation;
  return scores;
}
