/** Numbers counted by size, in the form of TensorBoard's HistogramProto. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Upper ends of the buckets, rising; each begins where the one before ends. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

const BUCKETS = 30;

/** A histogram of as many equal buckets from the smallest to the largest finite number. */
export function histogramOf(numbers: ArrayLike<number>): Histogram {
  let [min, max, count, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    count++;
    sum += value;
    sumOfSquares += value * value;
  }
  if (count === 0) return { min: 0, max: 0, count, sum, sumOfSquares, limits: [0], counts: [0] };
  const width = (max - min) / BUCKETS;
  const counts = new Array<number>(BUCKETS).fill(0);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (!Number.isFinite(value)) continue;
    const bucket = width > 0 ? Math.min(BUCKETS - 1, Math.floor((value - min) / width)) : BUCKETS - 1;
    counts[bucket] = counts[bucket]! + 1;
  }
  // Where a width is all rounding, as of subnormal numbers, steps of it would go past the largest.
  const limits = counts.map((_, bucket) =>
    bucket === BUCKETS - 1 ? max : Math.min(max, min + (bucket + 1) * width),
  );
  // All the same: one bucket that holds them.
  if (width === 0) return { min, max, count, sum, sumOfSquares, limits: [max], counts: [count] };
  return { min, max, count, sum, sumOfSquares, limits, counts };
}
