import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auroc, aurocOf, averagePrecision, averagePrecisionOf } from './ranking.ts';

interface Case {
  id: string;
  labels: number[];
  scores: number[];
  auroc: number;
  average_precision: number;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/ranking_golden.json', import.meta.url), 'utf8'),
);

test.each(cases)('$id as scikit-learn', ({ scores, labels, ...golden }) => {
  expect(auroc(scores, labels).value).toBeCloseTo(golden.auroc, 13);
  expect(averagePrecision(scores, labels).value).toBeCloseTo(golden.average_precision, 13);
});

test('G11: one class only: null and a reason, never 0 or 1', () => {
  expect(auroc([0.1, 0.9], [0, 0])).toEqual({ value: null, reason: 'no seizure among the labels' });
  expect(auroc([0.1, 0.9], [1, 1])).toEqual({ value: null, reason: 'no background among the labels' });
  expect(averagePrecision([0.1, 0.9], [0, 0])).toEqual({
    value: null,
    reason: 'no seizure among the labels',
  });
  expect(averagePrecision([0.1, 0.9], [1, 1]).value).toBe(1);
  expect(auroc([], []).value).toBe(null);
});

test('excluded samples do not count', () => {
  expect(auroc([0.9, 0.1, 0.95, 0.2], [1, 0, 2, 0]).value).toBe(1);
  expect(auroc([0.9, 0.1], [2, 0]).reason).toBe('no seizure among the labels');
});

test('wrong lengths, labels and NaN are named', () => {
  expect(() => auroc([0.1], [0, 1])).toThrow('found 2 labels and 1 scores');
  expect(() => auroc([0.1, 0.2], [0, 3])).toThrow('found 3 at index 1');
  expect(() => auroc([0.1, Number.NaN], [0, 1])).toThrow('found NaN at index 1');
});

const anyScores = fc.array(
  fc.record({ score: fc.integer({ min: -20, max: 20 }), label: fc.constantFrom(0, 1, 2) }),
  { maxLength: 80 },
);
const split = (all: { score: number; label: number }[]) =>
  [all.map(({ score }) => score), all.map(({ label }) => label)] as const;

test('property: AUROC is the share of pairs ranked right, ties half', () => {
  fc.assert(
    fc.property(anyScores, (all) => {
      let right = 0;
      let pairs = 0;
      for (const seizure of all.filter(({ label }) => label === 1)) {
        for (const background of all.filter(({ label }) => label === 0)) {
          right += seizure.score > background.score ? 1 : seizure.score === background.score ? 0.5 : 0;
          pairs++;
        }
      }
      expect(auroc(...split(all)).value).toBe(pairs === 0 ? null : right / pairs);
    }),
  );
});

test('property: only the order of scores matters, and neither figure depends on the order of samples', () => {
  fc.assert(
    fc.property(anyScores, fc.nat(), (all, seed) => {
      const stretched = all.map(({ score, label }) => ({ score: Math.exp(score / 5) * 3 + 1, label }));
      const shuffled = all.toSorted((a, b) => ((a.score * 7 + seed) % 11) - ((b.score * 7 + seed) % 11));
      for (const figure of [auroc, averagePrecision]) {
        expect(figure(...split(stretched))).toEqual(figure(...split(all)));
        expect(figure(...split(shuffled))).toEqual(figure(...split(all)));
      }
    }),
  );
});

test('property: reversing the scores turns AUROC into its complement', () => {
  fc.assert(
    fc.property(anyScores, (all) => {
      const { value } = auroc(...split(all));
      const reversed = auroc(...split(all.map(({ score, label }) => ({ score: -score, label })))).value;
      if (value === null) expect(reversed).toBe(null);
      else expect(reversed).toBeCloseTo(1 - value, 12);
    }),
  );
});

test('property: scores with counts rank as the scores written so often', () => {
  const anyScores = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 10 });
  const anyCounts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(anyScores, anyScores, anyCounts, anyCounts, (seizure, background, often, times) => {
      const classOf = (scores: number[], counts: number[]) => {
        const values = Float64Array.from(scores).sort();
        return {
          values,
          counts: Float64Array.from(values, (_, index) => counts[index]!),
          written: Float64Array.from(
            [...values].flatMap((value, index) => Array(counts[index]!).fill(value)),
          ),
        };
      };
      const [one, other] = [classOf(seizure, often), classOf(background, times)];
      const counted = {
        seizure: one.values,
        background: other.values,
        counts: { seizure: one.counts, background: other.counts },
      };
      const written = { seizure: one.written, background: other.written };
      expect(aurocOf(counted).value).toBeCloseTo(aurocOf(written).value!, 12);
      expect(averagePrecisionOf(counted).value).toBeCloseTo(averagePrecisionOf(written).value!, 12);
    }),
  );
});
