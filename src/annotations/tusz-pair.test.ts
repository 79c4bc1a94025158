import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnnotatedEvent, type Annotation, joinTuszPair, labelRules, placeSeizures } from './index.ts';

type Row = readonly [startS: number, endS: number, label: string, channel?: string];
const annotation = (name: string, rows: readonly Row[], durationS: number | null = 60): Annotation => ({
  format: name.endsWith('_bi') ? 'tusz-csv_bi' : 'tusz-csv',
  path: `/data/${name}`,
  durationS,
  events: rows.map(
    ([startS, endS, label, channel]): AnnotatedEvent => ({
      startS,
      endS,
      label,
      meaning: labelRules().meaningOf(label)!,
      channels: channel === undefined ? null : [channel],
      confidence: 1,
    }),
  ),
  notices: [],
});
const pair = (term: readonly Row[], typed: readonly Row[]) =>
  joinTuszPair(annotation('a.csv_bi', term), annotation('a.csv', typed));
const place = (joined: Annotation) => placeSeizures(joined, [{ startS: 0, durationS: 60 }], 1 / 256);
const spans = (parts: readonly { startS: number; endS: number }[]) =>
  parts.map(({ startS, endS }) => [startS, endS]);

describe('A7: .csv_bi beside .csv', () => {
  test('times of the one, types of the other; seconds by type, however many channels', () => {
    const placed = place(
      pair(
        [
          [0, 10, 'bckg'],
          [10, 40, 'seiz'],
        ],
        [
          [10, 18, 'fnsz', 'FP1-F7'],
          [12, 18, 'fnsz', 'F7-T3'],
          [18, 40, 'gnsz', 'FP1-F7'],
          [20, 40, 'gnsz', 'F7-T3'],
        ],
      ),
    );
    expect(placed.seizures).toEqual([{ startS: 10, endS: 40, label: 'gnsz' }]);
    expect(placed.seizureCount).toBe(1);
    expect(placed.seizureSecondsByLabel).toEqual({ fnsz: 8, gnsz: 22 });
    expect(placed.notices).toEqual([]);
  });

  test('disagreement in seconds is listed, with where; what has no type stays seiz', () => {
    const joined = pair([[10, 20, 'seiz']], [[14, 22, 'fnsz', 'FP1-F7']]);
    expect(joined.notices).toEqual([
      {
        code: 'ANNOTATION_DISAGREES',
        message:
          'a.csv_bi gives the seizure times and a.csv their types; they disagree over 6 s of seizure: 4 s only in a.csv_bi (10-14 s), 2 s only in a.csv (20-22 s)',
      },
    ]);
    const placed = place(joined);
    expect(spans(placed.seizures)).toEqual([[10, 20]]);
    expect(placed.seizureSecondsByLabel).toEqual({ fnsz: 6, seiz: 4 });
  });

  test('0.1 ms of rounding is no disagreement, half a second is', () => {
    expect(pair([[10, 20, 'seiz']], [[10.0001, 20.0001, 'fnsz', 'A']]).notices).toEqual([]);
    expect(pair([[10, 20, 'seiz']], [[10.5, 20, 'fnsz', 'A']]).notices).toHaveLength(1);
  });

  test('nesz is no seizure, whatever .csv_bi says: excluded and counted, and said where they meet', () => {
    const joined = pair(
      [
        [10, 20, 'seiz'],
        [30, 50, 'seiz'],
      ],
      [
        [10, 20, 'nesz', 'FP1-F7'],
        [30, 50, 'fnsz', 'FP1-F7'],
        [45, 55, 'nesz', 'F7-T3'],
      ],
    );
    const placed = place(joined);
    expect(placed.seizures).toEqual([{ startS: 30, endS: 50, label: 'fnsz' }]);
    expect(spans(placed.excluded)).toEqual([
      [10, 20],
      [50, 55],
    ]);
    expect(placed.excludedSecondsByLabel).toEqual({ nesz: 15 });
    expect(joined.notices).toEqual([
      {
        code: 'ANNOTATION_NOT_EPILEPTIC',
        message: 'a.csv_bi has a seizure where a.csv has nesz only, 10-20 s: excluded',
      },
    ]);
  });

  test('a seizure that is nesz in its middle is two', () => {
    const placed = place(pair([[10, 40, 'seiz']], [[20, 25, 'nesz', 'A']]));
    expect(spans(placed.seizures)).toEqual([
      [10, 20],
      [25, 40],
    ]);
    expect(placed.seizureSecondsByLabel).toEqual({ seiz: 25 });
  });

  test('durations that differ are said, those of .csv_bi are used', () => {
    const joined = joinTuszPair(
      annotation('a.csv_bi', [[0, 60, 'bckg']], 60),
      annotation('a.csv', [[0, 70, 'bckg']], 70),
    );
    expect(joined.durationS).toBe(60);
    expect(joined.notices).toMatchObject([
      { message: 'a.csv_bi is of 60 s and a.csv of 70 s; the former is used' },
    ]);
  });

  test('second by second, for any two files', () => {
    const rows = (labels: readonly string[]) =>
      fc.array(
        fc
          .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 10 }), fc.constantFrom(...labels))
          .map(([startS, lengthS, label]): Row => [startS, startS + lengthS, label, 'A']),
        { maxLength: 6 },
      );
    fc.assert(
      fc.property(rows(['seiz', 'bckg']), rows(['fnsz', 'gnsz', 'nesz', 'bckg']), (term, typed) => {
        const placed = place(pair(term, typed));
        const at = (all: readonly Row[], labels: readonly string[], second: number) =>
          all.some(([startS, endS, label]) => labels.includes(label) && startS <= second && second < endS);
        const inAny = (parts: readonly { startS: number; endS: number }[], second: number) =>
          parts.some(({ startS, endS }) => startS <= second && second < endS);
        const seconds = { fnsz: 0, gnsz: 0, untyped: 0 };
        for (let second = 0; second < 60; second++) {
          const isTyped = at(typed, ['fnsz', 'gnsz'], second);
          const isNotEpileptic = at(typed, ['nesz'], second);
          const isSeizure = at(term, ['seiz'], second) && (isTyped || !isNotEpileptic);
          expect(inAny(placed.seizures, second)).toBe(isSeizure);
          expect(inAny(placed.excluded, second)).toBe(isNotEpileptic && !isSeizure);
          if (!isSeizure) continue;
          for (const label of ['fnsz', 'gnsz'] as const) if (at(typed, [label], second)) seconds[label]++;
          if (!isTyped) seconds.untyped++;
        }
        const { fnsz = 0, gnsz = 0, seiz = 0 } = placed.seizureSecondsByLabel;
        expect({ fnsz, gnsz, untyped: seiz }).toEqual(seconds);
      }),
      { numRuns: 500 },
    );
  });
});
