import { describe, expect, test } from 'vitest';
import { PROFILES } from '../profile.ts';
import {
  ABSENCE_S,
  absenceDurationAt,
  durationAt,
  meanAbsenceDuration,
  meanDuration,
  normalQuantile,
} from './durations.ts';

test('normal quantiles, from tables', () => {
  for (const [share, z] of [
    [0.5, 0],
    [0.841344746, 1],
    [0.975, 1.959963985],
    [0.95, 1.644853627],
    [0.999, 3.090232306],
    [0.001, -3.090232306],
    [0.01, -2.326347874],
  ] as const)
    expect(normalQuantile(share)).toBeCloseTo(z, 7);
});

describe.each([
  // CHB-MIT and SeizeIT2, as the issue states them: median, 95th percentile, longest.
  ['tusz', 45, 140, 752],
  ['emu', 33, 159, 962],
] as const)('durations of %s', (profile, median, p95, longest) => {
  const law = PROFILES[profile].durations;

  test('have the stated quantiles, and never more than the longest', () => {
    expect(durationAt(law, 0.5)).toBeCloseTo(median, 6);
    expect(durationAt(law, 0.95)).toBeCloseTo(p95, 5);
    expect(durationAt(law, 1 - 1e-9)).toBe(longest);
    expect(durationAt(law, 1e-9)).toBe(law.shortestS);
  });

  test('have the mean of a log-normal law, but for its cut ends', () => {
    const sigma = Math.log(p95 / median) / 1.644853627;
    const uncut = median * Math.exp(sigma ** 2 / 2);
    expect(Math.abs(meanDuration(law) / uncut - 1)).toBeLessThan(0.02);
  });
});

test('absences last 4 to 15 s', () => {
  expect(ABSENCE_S).toEqual([4, 15]);
  expect(absenceDurationAt(0)).toBe(4);
  expect(absenceDurationAt(1)).toBeCloseTo(15, 12);
  // Mean of a log-uniform law: the difference over the logarithm of the ratio.
  expect(meanAbsenceDuration()).toBeCloseTo(11 / Math.log(3.75), 9);
});
