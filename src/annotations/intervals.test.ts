import fc from 'fast-check';
import { expect, test } from 'vitest';
import { common, type Interval, listed, overlapFinder, secondsOf, unionOf, without } from './intervals.ts';

const interval = fc
  .tuple(fc.integer({ min: -5, max: 40 }), fc.integer({ min: 0, max: 12 }))
  .map(([startS, lengthS]): Interval => ({ startS, endS: startS + lengthS }));
const intervals = fc.array(interval, { maxLength: 8 });
const seconds = Array.from({ length: 60 }, (_, index) => index - 6);
const holds = (all: readonly Interval[], second: number) =>
  all.some(({ startS, endS }) => startS <= second && second < endS);

test('second by second: union, common time, and what one leaves of the other', () => {
  fc.assert(
    fc.property(intervals, intervals, (a, b) => {
      for (const second of seconds) {
        const [inA, inB] = [holds(a, second), holds(b, second)];
        expect(holds(unionOf(a), second)).toBe(inA);
        expect(holds(common(a, b), second)).toBe(inA && inB);
        expect(holds(without(a, b), second)).toBe(inA && !inB);
      }
      expect(secondsOf(a)).toBe(seconds.filter((second) => holds(a, second)).length);
      for (const result of [unionOf(a), common(a, b), without(a, b)])
        for (const [index, { startS, endS }] of result.entries()) {
          expect(endS).toBeGreaterThan(startS);
          expect(startS).toBeGreaterThanOrEqual(result[index - 1]?.endS ?? Number.NEGATIVE_INFINITY);
        }
    }),
  );
});

test('what shares time with one, in order', () => {
  fc.assert(
    fc.property(intervals, interval, (all, one) => {
      const wanted = all.filter(({ startS, endS }) => startS < one.endS && endS > one.startS);
      expect(overlapFinder(all)(one)).toEqual(wanted.toSorted((a, b) => a.startS - b.startS));
    }),
  );
});

test('100,000 of each are not compared each with each, which would take minutes', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({ startS: 3 * index, endS: 3 * index + 2 }));
  const shifted = many.map(({ startS, endS }) => ({ startS: startS + 1, endS: endS + 1 }));
  expect(secondsOf(common(many, shifted))).toBe(100_000);
  expect(secondsOf(without(many, shifted))).toBe(100_000);
});

test('lists five, and how many more', () => {
  expect(listed([{ startS: 1.00004, endS: 2.5 }])).toBe('1-2.5 s');
  const seven = Array.from({ length: 7 }, (_, index) => ({ startS: index, endS: index + 0.5 }));
  expect(listed(seven)).toBe('0-0.5 s, 1-1.5 s, 2-2.5 s, 3-3.5 s, 4-4.5 s and 2 more');
});
