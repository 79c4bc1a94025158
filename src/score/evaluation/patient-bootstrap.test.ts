import { expect, test } from 'vitest';
import { drawnSum, PatientBootstrap } from './patient-bootstrap.ts';

const everyone = (patients: number) => Array.from({ length: patients }, (_, index) => index);

test('two patients: both of one in a quarter of the draws, and so on', () => {
  const seen: number[] = [];
  const bootstrap = new PatientBootstrap(everyone(2), { resamples: 20_000, seed: 3 });
  bootstrap.intervals((draws) => {
    expect(draws[0]! + draws[1]!).toBe(2);
    seen.push(draws[0]!);
    return [];
  });
  // Five standard errors.
  for (const [times, share] of [
    [0, 0.25],
    [1, 0.5],
    [2, 0.25],
  ] as const)
    expect(Math.abs(seen.filter((each) => each === times).length / 20_000 - share)).toBeLessThan(0.018);
});

test("a share of events: SciPy's bootstrap", () => {
  const detected = Float64Array.of(0, 1, 3, 2, 0, 5, 1, 0, 2, 4, 1, 1);
  const references = Float64Array.of(1, 2, 3, 4, 2, 5, 3, 1, 2, 6, 1, 4);
  const bootstrap = new PatientBootstrap(everyone(12), { resamples: 20_000, seed: 1 });
  const [interval] = bootstrap.intervals((draws) => [
    drawnSum(detected, draws) / drawnSum(references, draws),
  ]);
  // scipy.stats.bootstrap 1.17.1, method percentile, 400,000 resamples: 0.375 to 0.775.
  expect(interval!.low).toBeCloseTo(0.375, 1.7);
  expect(interval!.high).toBeCloseTo(0.775, 1.7);
});

test('draws hang on the seed and the order given, and on nothing else; what is mostly undefined has no interval', () => {
  const values = Float64Array.of(1, 5, 2, 8);
  const of = (order: number[], seed: number) =>
    new PatientBootstrap(order, { resamples: 500, seed }).intervals((draws) => [
      drawnSum(values, draws),
      draws[0] === 4 ? 1 : null,
    ]);
  expect(of([0, 1, 2, 3], 1)).toEqual(of([0, 1, 2, 3], 1));
  expect(of([0, 1, 2, 3], 1)).not.toEqual(of([0, 1, 2, 3], 2));
  expect(of([3, 1, 2, 0], 1)[0]).not.toEqual(of([0, 1, 2, 3], 1)[0]);
  expect(of([0, 1, 2, 3], 1)[1]).toBeNull();
});
