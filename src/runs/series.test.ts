import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Series } from './series.ts';

test('few values are kept as they are', () => {
  const series = new Series(4);
  for (const [x, y] of [
    [1, 5],
    [2, 7],
    [3, Number.NaN],
    [4, 1],
  ] as const)
    series.add(x, y);
  expect(series.points).toEqual([{ x: 1, y: 5 }, { x: 2, y: 7 }, { x: 4, y: 1 }]); // biome-ignore format: one line
});

test('a million steps keep to the bound, and the curve is that of the means', () => {
  const series = new Series(64);
  for (let x = 0; x < 1_000_000; x++) series.add(x, 2 * x + 1);
  const { points } = series;
  expect(points.length).toBeGreaterThan(30);
  expect(points.length).toBeLessThanOrEqual(64);
  // Means of a line lie on it.
  for (const { x, y } of points) expect(y).toBeCloseTo(2 * x + 1, 4);
});

test('points rise, stay within the values, and are at most so many', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 8 }), (values, most) => {
      const series = new Series(most);
      let x = 0;
      for (const [step, y] of values) {
        x += step;
        series.add(x, y);
      }
      const { points } = series;
      expect(points.length).toBeLessThanOrEqual(most);
      for (const [i, point] of points.entries()) {
        if (i > 0) expect(point.x).toBeGreaterThan(points[i - 1]!.x);
        expect(point.y).toBeLessThanOrEqual(Math.max(...values.map(([, y]) => y)) + 1e-6);
      }
    }),
  );
});
