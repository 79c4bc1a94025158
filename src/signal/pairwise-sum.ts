/** NumPy hands so many values at once to its summation. */
const BUFFER = 8192;
/** Values that are added one after the other, eight sums abreast. */
const BLOCK = 128;

/**
 * The sum of samples by halves, whose error grows with the logarithm of their number (Higham, SIAM Journal on
 * Scientific Computing 14, 1993), in the order of NumPy's `sum`: where the mean is millions of deviations, the last
 * bit of the sum decides the z-score's seventh digit.
 */
export function pairwiseSum(samples: Float64Array): number {
  let sum = 0;
  for (let first = 0; first < samples.length; first += BUFFER)
    sum += sumByHalves(samples, first, Math.min(BUFFER, samples.length - first));
  return sum;
}

function sumByHalves(samples: Float64Array, first: number, count: number): number {
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const left = half - (half % 8);
    return sumByHalves(samples, first, left) + sumByHalves(samples, first + left, count - left);
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
