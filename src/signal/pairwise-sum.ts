/** Values that are added one after the other, eight sums abreast. */
const BLOCK = 128;

/**
 * The sum of samples by halves, whose error grows with the logarithm of their number (Higham, SIAM Journal on
 * Scientific Computing 14, 1993), in the order of NumPy's `sum`: where the mean is millions of deviations, the last
 * bit of the sum decides the z-score's seventh digit.
 */
export function pairwiseSum(samples: Float64Array, first = 0, count = samples.length): number {
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const left = half - (half % 8);
    return pairwiseSum(samples, first, left) + pairwiseSum(samples, first + left, count - left);
  }
  const abreast = count - (count % 8);
  let sum = 0;
  if (abreast > 0) {
    const sums = samples.slice(first, first + 8);
    for (let i = 8; i < abreast; i += 8) for (let k = 0; k < 8; k++) sums[k]! += samples[first + i + k]!;
    const [a, b, c, d, e, f, g, h] = sums as unknown as Eight;
    sum = a + b + (c + d) + (e + f + (g + h));
  }
  for (let i = abreast; i < count; i++) sum += samples[first + i]!;
  return sum;
}

type Eight = [number, number, number, number, number, number, number, number];
