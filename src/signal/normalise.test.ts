import { expect, test } from 'vitest';
import { normalise } from './normalise.ts';

test('a flat channel becomes zeros and is named; beyond the clip is clipped and counted', () => {
  const flat = new Float64Array(100).fill(3);
  const spiky = Float64Array.from({ length: 100 }, (_, i) => (i === 50 ? 1000 : i % 2));
  const { flat: found, clippedShare } = normalise([[flat, spiky]], 5);
  expect(found).toEqual([0]);
  expect(flat.every((value) => value === 0)).toBe(true);
  expect(spiky[50]).toBe(5);
  expect(clippedShare).toBe(1 / 200);
});
