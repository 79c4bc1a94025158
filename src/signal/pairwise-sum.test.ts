import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairwiseSum } from './pairwise-sum.ts';

test('property: whole numbers are summed exactly, whatever their count', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 700 }), (values) => {
      expect(pairwiseSum(Float64Array.from(values))).toBe(values.reduce((a, b) => a + b, 0));
    }),
  );
});

test('a million tenths are a hundred thousand; added one after the other they are 1.3e-6 more', () => {
  const tenths = new Float64Array(1_000_000).fill(0.1);
  expect(Math.abs(pairwiseSum(tenths) - 1e5)).toBeLessThan(1e-9);
  expect(tenths.reduce((a, b) => a + b, 0)).toBeGreaterThan(1e5 + 1e-6);
});

test.each([
  [8192, 8.192000004091785],
  [8193, 8.193000004092234],
  [13382, 13.38200000668405],
  [20000, 20.00000000999],
])('the sum of %i values is NumPy 1.24’s to the last bit', (count, sum) => {
  expect(
    pairwiseSum(Float64Array.from({ length: count }, (_, i) => 0.001 + ((i * 7919) % 1000) * 1e-15)),
  ).toBe(sum);
});
