import { expect, test } from 'vitest';
import { clopperPearson, garwood } from './exact-intervals.ts';

// SciPy 1.17.1: beta.ppf(0.025, k, n - k + 1), beta.ppf(0.975, k + 1, n - k).
test.each([
  [0, 1, 0, 0.975],
  [1, 1, 0.025, 1],
  [0, 10, 0, 0.3084971078187607],
  [3, 10, 0.06673951117773447, 0.6524528500599973],
  [7, 19, 0.16288587215509961, 0.6164220766855947],
  [15, 16, 0.697679261565468, 0.9984188882772341],
  [50, 100, 0.39832112950330095, 0.601678870496699],
  [2400, 2421, 0.9867711280496104, 0.9946228060289892],
  [2421, 2421, 0.9984774595180456, 1],
])('%i of %i', (hits, trials, low, high) => {
  const interval = clopperPearson(hits, trials);
  expect(interval.low).toBeCloseTo(low, 10);
  expect(interval.high).toBeCloseTo(high, 10);
});

// SciPy 1.17.1: chi2.ppf(0.025, 2 k) / 2, chi2.ppf(0.975, 2 k + 2) / 2.
test.each([
  [0, 0, 3.6888794541139354],
  [1, 0.025317807984289876, 5.571643390938898],
  [5, 1.6234863901184207, 11.66833207932267],
  [19, 11.43924116436673, 29.67085357158559],
  [100, 81.36399125092314, 121.62679379242638],
  [3000, 2893.5986209846633, 3109.313530471967],
])('%i events', (count, low, high) => {
  const interval = garwood(count);
  expect(interval.low / (low || 1)).toBeCloseTo(low === 0 ? 0 : 1, 9);
  expect(interval.high / high).toBeCloseTo(1, 9);
});
