import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateRatio, resampledLength } from './rate-ratio.ts';

test('the simplest ratio is taken', () => {
  expect(rateRatio(512, 256)).toEqual({ up: 1, down: 2 });
  expect(rateRatio(256, 256)).toEqual({ up: 1, down: 1 });
  expect(rateRatio(199.5, 256)).toEqual({ up: 512, down: 399 });
  expect(rateRatio(1, 256)).toEqual({ up: 256, down: 1 });
});

// 255 samples in 0.996 s, 100 in 0.333333 s (a third as eight characters hold it), and no ratio at all.
test.each([
  [255 / 0.996, 10624 / 10625],
  [100 / 0.333333, 0.85333248],
  [64 / 0.333333, 1.333332],
  [100 * Math.PI, 0.8148733086305],
])('a rate of %d Hz has a ratio, exact to 1e-9', (rate, expected) => {
  const { up, down } = rateRatio(rate, 256);
  expect(Math.abs(up / down / expected - 1)).toBeLessThan(1e-9);
});

test('property: whatever number of samples stands in whatever records, a day is not off by a quarter of a second', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 99_999_999 }),
      (samples, digits) => {
        const rate = samples / (digits / 1e6);
        fc.pre(rate > 1 && rate < 1e5);
        const { up, down } = rateRatio(rate, 256);
        expect(Math.abs(up / down / (256 / rate) - 1) * 86_400).toBeLessThan(0.25);
      },
    ),
  );
});

test('a rate too far away is refused', () => {
  expect(() => rateRatio(0.0001, 256)).toThrow(/from 0.0001 Hz to 256 Hz; choose another data.sampling_rate/);
});

// Python: math.ceil, round and int of n * 256 / 512 (n * 256 / 500 for the last).
test.each([
  [1024, 512, [512, 512, 512]],
  [1025, 512, [513, 512, 512]],
  [1027, 512, [514, 514, 513]],
  [1, 512, [1, 1, 1]],
  [501, 500, [257, 257, 256]],
])('%i samples at %i Hz become as many as Python makes', (samples, rate, expected) => {
  const ratio = rateRatio(rate, 256);
  expect((['ceil', 'round', 'int'] as const).map((how) => resampledLength(samples, ratio, how))).toEqual(
    expected,
  );
});
