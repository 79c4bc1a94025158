import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunningNormaliser, recordingNormaliser, robustNormaliser } from './normalise.ts';
import { quantiles, RunningMoments } from './statistics.ts';
import { expectClose, wave } from './testing/scipy-golden.ts';
import { zscore } from './zscore.ts';

const samples = fc
  .array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 60 })
  .map((values) => Float64Array.from(values));

test('property: moments of blocks are those of the whole, and normalise as SciPy does', () => {
  fc.assert(
    fc.property(samples, fc.nat(60), (values, place) => {
      const moments = new RunningMoments();
      moments.add(values.subarray(0, Math.min(place, values.length)));
      moments.add(values.subarray(Math.min(place, values.length)));
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      expect(Math.abs(moments.mean - mean)).toBeLessThan(1e-9);
      expect(Math.abs(moments.deviation - Math.sqrt(variance))).toBeLessThan(1e-9);
      expect(moments.peak).toBe(values.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
      if (Math.sqrt(variance) < 1e-3) return;
      const scored = values.slice();
      recordingNormaliser(moments).apply(scored);
      expectClose(scored, zscore(values), 1e-7);
    }),
  );
});

test('a channel that does not vary becomes zeros, whatever its level', () => {
  for (const level of [0, 3, 1e6]) {
    const flat = new Float64Array(100).fill(level);
    const moments = new RunningMoments();
    moments.add(flat);
    expect(moments.isFlat).toBe(true);
    recordingNormaliser(moments).apply(flat);
    expect(flat.every((value) => value === 0)).toBe(true);
  }
  const rounding = new RunningMoments();
  rounding.add(Float64Array.from({ length: 100 }, (_, i) => 1e6 + (i % 2) * 1e-9));
  expect(rounding.isFlat).toBe(true);
});

test('quantiles are those of numpy.quantile', () => {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.25, 0.5, 0.75]) and of [7]
  expect(quantiles(Float64Array.of(3, 1, 4, 1, 5, 9, 2, 6), [0.25, 0.5, 0.75])).toEqual([1.75, 3.5, 5.25]);
  expect(quantiles(Float64Array.of(7), [0, 0.5, 1])).toEqual([7, 7, 7]);
});

test('robust: one outlier moves nothing, where it shrinks a z-score', () => {
  const quiet = wave(1000);
  const loud = quiet.slice();
  loud[500] = 1e6;
  robustNormaliser(quiet)!.apply(quiet);
  robustNormaliser(loud)!.apply(loud);
  for (let i = 0; i < 1000; i += 7) expect(Math.abs(loud[i]! - quiet[i]!)).toBeLessThan(0.01);
  expect(robustNormaliser(Float64Array.of(1, 1, 1, 1, 8))).toBeNull();
});

test('running: weights fall by the time constant and sum to 1 from the first sample on', () => {
  const x = Float64Array.from(wave(50));
  const scored = x.slice();
  new RunningNormaliser(8).apply(scored);
  expect(scored[0]).toBe(0);
  for (const t of [1, 7, 49]) {
    const weights = Float64Array.from({ length: t + 1 }, (_, i) => Math.exp(-(t - i) / 8));
    const sum = weights.reduce((a, b) => a + b);
    const mean = weights.reduce((total, weight, i) => total + weight * x[i]!, 0) / sum;
    const variance = weights.reduce((total, weight, i) => total + weight * (x[i]! - mean) ** 2, 0) / sum;
    expect(scored[t]).toBeCloseTo((x[t]! - mean) / Math.sqrt(variance), 9);
  }
});

test('property: running does not know the future, nor how the signal was cut', () => {
  fc.assert(
    fc.property(samples, fc.nat(60), (values, place) => {
      const at = Math.min(place, values.length);
      const whole = values.slice();
      new RunningNormaliser(10).apply(whole);
      const pieces = new RunningNormaliser(10);
      const [first, second] = [values.slice(0, at), values.slice(at)];
      pieces.apply(first);
      pieces.apply(second);
      expect([...first, ...second]).toEqual([...whole]);
    }),
  );
});
