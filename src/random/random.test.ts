import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32, logUniform, uniform } from './index.ts';

test('uniform over any counter: mean 1/2, variance 1/12, no correlation between neighbours', () => {
  for (const draw of [
    (i: number) => uniform(i),
    (i: number) => uniform(7, i),
    (i: number) => uniform(7, 3, i),
  ]) {
    const values = Array.from({ length: 20_000 }, (_, i) => draw(i));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    const neighbours = values.slice(1).reduce((sum, v, i) => sum + (v - mean) * (values[i]! - mean), 0);
    // Standard errors: 0.002, 0.0005, 0.007
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
    expect(Math.abs(neighbours / values.length / variance)).toBeLessThan(0.035);
  }
});

test('property: 32 bits, and the order of counters matters', () => {
  const counter = fc.integer({ min: 0, max: 2 ** 31 });
  fc.assert(
    fc.property(counter, counter, counter, (seed, a, b) => {
      const value = hash32(seed, a, b);
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
      if (a !== b) expect(hash32(seed, b, a)).not.toBe(value);
    }),
  );
});

test('log-uniform reaches its bounds and has the geometric mean in the middle', () => {
  expect(logUniform([0.3, 3], 0)).toBeCloseTo(0.3, 12);
  expect(logUniform([0.3, 3], 1)).toBeCloseTo(3, 12);
  expect(logUniform([0.5, 2], 0.5)).toBeCloseTo(1, 12);
});
