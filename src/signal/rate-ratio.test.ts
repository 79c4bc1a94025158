import { expect, test } from 'vitest';
import { rateRatio, resampledLength } from './rate-ratio.ts';

test('rates without a ratio are refused', () => {
  expect(rateRatio(512, 256)).toEqual({ up: 1, down: 2 });
  expect(rateRatio(199.5, 256)).toEqual({ up: 512, down: 399 });
  expect(() => rateRatio(Math.PI * 100, 256)).toThrow(/choose another data.sampling_rate/);
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
