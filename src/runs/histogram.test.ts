import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogramOf } from './histogram.ts';

test('counts by hand', () => {
  const histogram = histogramOf([0, 1, 2, 30, Number.NaN, Infinity]);
  expect(histogram).toMatchObject({ min: 0, max: 30, count: 4, sum: 33, sumOfSquares: 905 });
  // Thirty buckets of width 1: 0, 1 and 2 are alone in the first three, 30 is in the last.
  expect(histogram.counts.flatMap((count, bucket) => (count > 0 ? [[bucket, count]] : []))).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [29, 1],
  ]);
  expect(histogram.limits).toHaveLength(30);
  expect(histogram.limits.at(-1)).toBe(30);
});

test('nothing, and one value many times', () => {
  expect(histogramOf([])).toMatchObject({ count: 0, counts: [0] });
  expect(histogramOf([3, 3, 3])).toMatchObject({ min: 3, max: 3, limits: [3], counts: [3] });
});

test('numbers so small that a thirtieth of their range rounds: limits still rise to the largest', () => {
  const { limits } = histogramOf([1e-323, -7e-323]);
  expect(limits).toEqual([...limits].sort((a, b) => a - b));
  expect(limits.at(-1)).toBe(1e-323);
});

test('property: every finite number is counted once, limits rise', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6 })), (values) => {
      const { count, counts, limits } = histogramOf(values);
      const finite = values.filter(Number.isFinite).length;
      expect(count).toBe(finite);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(finite);
      expect(limits).toEqual([...limits].sort((a, b) => a - b));
    }),
  );
});
