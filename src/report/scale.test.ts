import { expect, test } from 'vitest';
import { linearScale, logarithmicScale, logarithmicTicks, roundStep, ticks } from './scale.ts';

test('linear: 0 to 100 on 50 to 250 pixels, upwards too', () => {
  expect(linearScale([0, 100], [50, 250])(25)).toBe(100);
  expect(linearScale([0, 1], [300, 0])(0.25)).toBe(225);
});

test('logarithmic: 0, 9 and 99 lie equally far apart', () => {
  const scale = logarithmicScale([0, 99], [0, 200]);
  expect([0, 9, 99].map(scale)).toEqual([0, 100, 200]);
});

test.each([
  [1, 1],
  [1.9, 1],
  [2, 2],
  [49, 20],
  [0.07, 0.05],
])('the round step up to %d is %d', (largest, step) => {
  expect(roundStep(largest)).toBeCloseTo(step, 12);
});

test('ticks are round, within the domain, and without rounding errors', () => {
  expect(ticks([0, 1], 10)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks([-13, 27], 8)).toEqual([-10, 0, 10, 20]);
  expect(ticks([0, 0.3], 6)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticks([5, 5], 4)).toEqual([5]);
  expect(logarithmicTicks([0, 60])).toEqual([0, 1, 2, 5, 10, 20, 50]);
});
