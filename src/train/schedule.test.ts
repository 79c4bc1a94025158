import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learningRateShare } from './schedule.ts';
import { reference } from './testing/reference.ts';

test.each(reference.schedules)(
  'F6: $type after $warmup steps of warm-up is PyTorch’s',
  ({ type, total, warmup, shares }) => {
    // The share is rounded down to whole steps.
    const schedule = { type, warmupRatio: (warmup + 0.5) / total };
    shares.forEach((share, step) => {
      expect(learningRateShare(schedule, step, total)).toBeCloseTo(share, 12);
    });
  },
);

test('F6: warm-up rises linearly from its first step, cosine falls to zero', () => {
  const schedule = { type: 'cosine', warmupRatio: 0.1 } as const;
  const rates = Array.from({ length: 40 }, (_, step) => learningRateShare(schedule, step, 40));
  expect(rates.slice(0, 5)).toEqual([1 / 5, 2 / 5, 3 / 5, 4 / 5, 1]);
  // Half-way through the 36 steps of decay the cosine is at a half.
  expect(rates[4 + 18]).toBeCloseTo(0.5, 12);
  expect(rates[39]).toBeCloseTo(0.5 * (1 + Math.cos((Math.PI * 35) / 36)), 12);
});

test('linear and constant', () => {
  expect(learningRateShare({ type: 'linear', warmupRatio: 0 }, 25, 100)).toBe(0.75);
  expect(learningRateShare({ type: 'constant', warmupRatio: 0.5 }, 99, 100)).toBe(1);
});

test('F6: property: always above 0 and at most 1 before the last step', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('cosine', 'linear', 'constant'),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 5000 }),
      fc.nat(),
      (type, warmupRatio, total, at) => {
        const share = learningRateShare({ type, warmupRatio }, at % total, total);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
      },
    ),
  );
});
