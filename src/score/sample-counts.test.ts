import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sumCounts } from './measured.ts';
import { sampleCounts, sensitivityOverSamples, specificityOverSamples } from './sample-counts.ts';

test('counts at a threshold, which itself is detected', () => {
  const counts = sampleCounts([0.5, 0.4, 0.9, 0.2, 0.1, 0.99], [1, 1, 0, 0, 0, 2], 0.5);
  expect(counts).toEqual({ truePositives: 1, falseNegatives: 1, falsePositives: 1, trueNegatives: 2 });
  expect(sensitivityOverSamples(counts).value).toBe(0.5);
  expect(specificityOverSamples(counts).value).toBe(2 / 3);
});

test('nothing to divide by: null and a reason', () => {
  expect(sensitivityOverSamples(sampleCounts([0.9], [0], 0.5))).toEqual({
    value: null,
    reason: 'no seizure among the labels',
  });
  expect(specificityOverSamples(sampleCounts([0.9], [1], 0.5))).toEqual({
    value: null,
    reason: 'no background among the labels',
  });
});

test('property: a higher threshold never raises sensitivity or lowers specificity; counts add up', () => {
  const anySamples = fc.array(
    fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), label: fc.constantFrom(0, 1, 2) }),
    { maxLength: 60 },
  );
  const anyThreshold = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(anySamples, anyThreshold, anyThreshold, fc.nat(60), (samples, a, b, at) => {
      const countsOf = (part: typeof samples, threshold: number) =>
        sampleCounts(
          part.map(({ score }) => score),
          part.map(({ label }) => label),
          threshold,
        );
      const low = countsOf(samples, Math.min(a, b));
      const high = countsOf(samples, Math.max(a, b));
      expect(high.truePositives).toBeLessThanOrEqual(low.truePositives);
      expect(high.trueNegatives).toBeGreaterThanOrEqual(low.trueNegatives);
      const parts = [countsOf(samples.slice(0, at), a), countsOf(samples.slice(at), a)] as const;
      expect(sumCounts(...parts)).toEqual(countsOf(samples, a));
    }),
  );
});
