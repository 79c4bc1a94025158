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
