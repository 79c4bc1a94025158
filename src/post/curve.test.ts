import { expect, test } from 'vitest';
import { labelledEvents, recordedSpans, segmentsOf } from './curve.ts';
import { runsWhere } from './runs.ts';

// 5 samples from 2 s, a hole of 3 s, 3 samples, at 2 Hz.
const segments = segmentsOf(
  [
    [0, 4],
    [5, 15],
  ],
  8,
);

test('what was recorded, and events from labels, are in recording time', () => {
  expect(recordedSpans(segments, 2)).toEqual([
    { startS: 2, endS: 4.5 },
    { startS: 7.5, endS: 9 },
  ]);
  expect(labelledEvents([0, 1, 2, 1, 1, 1, 1, 0], 1, segments, 2)).toEqual([
    { startS: 2.5, endS: 3 },
    { startS: 3.5, endS: 4.5 },
    { startS: 7.5, endS: 8.5 },
  ]);
  expect(() => labelledEvents([0, 1], 1, segments, 2)).toThrow(
    'Expected 8 labels for the segments, found 2.',
  );
});

test('runs of a value', () => {
  expect(runsWhere([1, 1, 0, 2, 1], 1)).toEqual([
    { start: 0, end: 2 },
    { start: 4, end: 5 },
  ]);
  expect(runsWhere([], 1)).toEqual([]);
});
