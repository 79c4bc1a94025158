import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auroc, averagePrecision } from './ranking.ts';
import { ScorePool } from './score-pool.ts';

test('pooled and mean over recordings are different figures, and recordings without both classes are counted', () => {
  const pool = new ScorePool('windows');
  // Each recording ranks perfectly by itself; pooled, the seizure at 0.4 lies below the background at 0.5.
  pool.add([0.3, 0.4], [0, 1]);
  pool.add([0.5, 0.6], [0, 1]);
  pool.add([0.1, 0.2], [0, 0]);
  expect(pool.figures()).toEqual({
    // Pairs: 0.4 above 0.3, 0.1, 0.2; 0.6 above all four: 7 of 8.
    auroc_over_windows: { value: 7 / 8, reason: null },
    // At 0.6: precision 1; at 0.4: 2 of 3.
    average_precision_over_windows: { value: (1 + 2 / 3) / 2, reason: null },
    auroc_mean_over_recordings: { value: 1, reason: null },
    average_precision_mean_over_recordings: { value: 1, reason: null },
    recordings: 3,
    recordings_without_auroc: 1,
  });
});

test('an empty pool has no figures, only reasons', () => {
  const figures = new ScorePool('samples').figures();
  expect(figures.auroc_over_samples).toEqual({ value: null, reason: 'no seizure among the labels' });
  expect(figures.auroc_mean_over_recordings).toEqual({ value: null, reason: 'undefined in every recording' });
});

test('a recording that is refused adds nothing', () => {
  const pool = new ScorePool('samples');
  expect(() => pool.add([0.1, Number.NaN], [0, 1])).toThrow(/NaN/);
  expect(pool.figures().recordings).toBe(0);
});

const anyRecordings = fc.array(
  fc.array(fc.record({ score: fc.float({ min: 0, max: 1, noNaN: true }), label: fc.constantFrom(0, 1, 2) }), {
    maxLength: 40,
  }),
  { maxLength: 6 },
);

test('property: pooling is as if all recordings were one; their order changes nothing, to the last bit', () => {
  fc.assert(
    fc.property(anyRecordings, (recordings) => {
      const figuresOf = (ordered: typeof recordings) => {
        const pool = new ScorePool('samples');
        for (const recording of ordered) {
          pool.add(
            Float32Array.from(recording, ({ score }) => score),
            Uint8Array.from(recording, ({ label }) => label),
          );
          pool.figures();
        }
        return pool.figures();
      };
      const figures = figuresOf(recordings);
      expect(figuresOf(recordings.toReversed())).toEqual(figures);
      const all = recordings.flat();
      const [scores, labels] = [all.map(({ score }) => score), all.map(({ label }) => label)];
      expect(figures.auroc_over_samples).toEqual(auroc(scores, labels));
      expect(figures.average_precision_over_samples).toEqual(averagePrecision(scores, labels));
    }),
  );
});

test('property: beyond the limit scores are counted in bins: close figures, whatever the order, and it is said', () => {
  fc.assert(
    fc.property(anyRecordings, (recordings) => {
      const fill = (pool: ScorePool<'samples'>, all = recordings) => {
        for (const each of all)
          pool.add(
            each.map(({ score }) => score),
            each.map(({ label }) => label),
          );
        return pool;
      };
      const exact = fill(new ScorePool('samples'));
      const binned = fill(new ScorePool('samples', { mostExact: 10 }));
      const counted = recordings.flat().filter(({ label }) => label !== 2).length;
      expect([exact.isExact, binned.isExact]).toEqual([true, counted <= 10]);
      expect(fill(new ScorePool('samples', { mostExact: 10 }), recordings.toReversed()).figures()).toEqual(
        binned.figures(),
      );
      // Only scores less than 1/16,384 apart, or below the smallest normal number, may share a bin: distinct ones here.
      const scores = recordings.flat().map(({ score }) => score);
      const areApart = scores.every((a) =>
        scores.every((b) => a === b || Math.abs(a - b) > Math.max(2e-4 * Math.max(a, b), 2 ** -126)),
      );
      if (!areApart) return;
      for (const name of ['auroc_over_samples', 'average_precision_over_samples'] as const) {
        const [one, other] = [exact.figures()[name], binned.figures()[name]];
        if (one.value === null) expect(other).toEqual(one);
        else expect(other.value).toBeCloseTo(one.value, 12);
      }
    }),
    { numRuns: 20 },
  );
});
