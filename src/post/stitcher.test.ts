import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { tensor } from '../torch/index.ts';
import { segmentsOf } from './curve.ts';
import { Stitcher } from './stitcher.ts';
import { placeWindows } from './window-placement.ts';

interface Case {
  id: string;
  window: number;
  stride: number;
  total: number;
  starts: number[];
  windows: number[][];
  mean: (number | null)[];
  max: (number | null)[];
  uncovered_tail: number;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/stitch_golden.json', import.meta.url), 'utf8'),
);

const of = (values: ArrayLike<number>) => tensor(Array.from(values), { dtype: 'float64' });

test.each(cases)('G1: $id: mean and maximum', (golden) => {
  // The golden leaves the tail uncovered; here it is left out of the recording.
  const rows = golden.total - golden.uncovered_tail;
  for (const [method, expected] of [
    ['overlap_add', golden.mean],
    ['max', golden.max],
  ] as const) {
    const stitcher = new Stitcher(segmentsOf([[0, 0]], rows), 16, {
      method,
      window_size: golden.window,
      stride: golden.stride,
    });
    expect(stitcher.windows.map((window) => window.firstRow)).toEqual(golden.starts);
    for (const [index, window] of golden.windows.entries()) stitcher.add(index, of(window));
    const { probabilities } = stitcher.curve().arrive();
    expect(probabilities.length).toBe(rows);
    for (const [row, probability] of probabilities.entries()) {
      expect(probability).toBeCloseTo(expected[row]!, 12);
    }
  }
});

test('windows start at multiples of the stride; the last one ends with the segment', () => {
  const segments = segmentsOf(
    [
      [0, 0],
      [37, 50],
      [53, 70],
    ],
    60,
  );
  // Segments of 37, 16 and 7 rows.
  expect(placeWindows(segments, 16, 10)).toEqual([
    { segment: 0, firstRow: 0, rows: 16 },
    { segment: 0, firstRow: 10, rows: 16 },
    { segment: 0, firstRow: 20, rows: 16 },
    { segment: 0, firstRow: 21, rows: 16 },
    { segment: 1, firstRow: 37, rows: 16 },
    { segment: 2, firstRow: 53, rows: 7 },
  ]);
});

test('what is predicted for the padding of a short segment is dropped', () => {
  const settings = { method: 'overlap_add', window_size: 4, stride: 2 } as const;
  const segments = segmentsOf([[0, 0]], 3);
  for (const window of [
    [0.1, 0.2, 0.3, 1],
    [0.1, 0.2, 0.3],
  ]) {
    const stitcher = new Stitcher(segments, 1, settings);
    stitcher.add(0, of(window));
    expect([...stitcher.curve().arrive().probabilities]).toEqual([0.1, 0.2, 0.3]);
  }
});

test('a missing, repeated or wrong window is named', () => {
  const stitcher = new Stitcher(segmentsOf([[0, 0]], 6), 1, {
    method: 'overlap_add',
    window_size: 4,
    stride: 2,
  });
  expect(() => stitcher.add(0, of([0, 0, 0]))).toThrow('Expected 4 probabilities for window 0, found 3.');
  expect(() => stitcher.add(2, of([0, 0, 0, 0]))).toThrow('found no such window at window 2');
});

test('a NaN is where its window was, by either method', () => {
  for (const method of ['overlap_add', 'max'] as const) {
    const stitcher = new Stitcher(segmentsOf([[0, 0]], 6), 1, { method, window_size: 4, stride: 2 });
    stitcher.add(0, of([0, Number.NaN, 0, 0]));
    stitcher.add(1, of([0, 0, 0, 0]));
    expect([...stitcher.curve().arrive().probabilities]).toEqual([0, Number.NaN, 0, 0, 0, 0]);
  }
});

test('a curve needs every window once', () => {
  const stitcher = new Stitcher(segmentsOf([[0, 0]], 6), 1, {
    method: 'overlap_add',
    window_size: 4,
    stride: 2,
  });
  stitcher.add(0, of([0.5, 0.5, 0.5, 0.5]));
  expect(() => stitcher.curve()).toThrow('Expected 2 windows, window 1 is missing.');
  expect(() => stitcher.add(0, of([0, 0, 0, 0]))).toThrow('found it again at window 0');
  stitcher.add(1, of([1, 1, 1, 1]));
  expect([...stitcher.curve().arrive().probabilities]).toEqual([0.5, 0.5, 0.75, 0.75, 1, 1]);
  expect([...stitcher.curve().arrive().probabilities]).toEqual([0.5, 0.5, 0.75, 0.75, 1, 1]);
});

test('a stride longer than the window and segments out of order are refused', () => {
  expect(() => placeWindows(segmentsOf([[0, 0]], 9), 4, 5)).toThrow(InputError);
  expect(() => placeWindows(segmentsOf([[0, 0]], 9), 0, 1)).toThrow(InputError);
  expect(() => segmentsOf([[1, 0]], 9)).toThrow(/segment 0 to begin at row 0/);
  const overlapping: [number, number][] = [
    [0, 0],
    [5, 4],
  ];
  expect(() => segmentsOf(overlapping, 9)).toThrow(/segment 1 to start at sample 5 or later/);
});

const anyRecording = fc
  .record({
    lengths: fc.array(fc.record({ rows: fc.integer({ min: 1, max: 60 }), hole: fc.nat(20) }), {
      minLength: 1,
      maxLength: 4,
    }),
    window: fc.integer({ min: 1, max: 20 }),
    stride: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ lengths, window, stride }) => {
    let rows = 0;
    let time = 0;
    const pairs = lengths.map((length): [number, number] => {
      const pair: [number, number] = [rows, time + length.hole];
      rows += length.rows;
      time += length.hole + length.rows;
      return pair;
    });
    return { segments: segmentsOf(pairs, rows), rows, window, stride: Math.min(window, stride) };
  });

test('G12: property: every recorded row is in a window, and no window leaves its segment', () => {
  fc.assert(
    fc.property(anyRecording, ({ segments, rows, window, stride }) => {
      const isCovered = new Uint8Array(rows);
      for (const placed of placeWindows(segments, window, stride)) {
        const segment = segments[placed.segment]!;
        expect(placed.firstRow).toBeGreaterThanOrEqual(segment.firstRow);
        expect(placed.firstRow + placed.rows).toBeLessThanOrEqual(segment.firstRow + segment.rows);
        expect(placed.rows).toBe(Math.min(window, segment.rows));
        isCovered.fill(1, placed.firstRow, placed.firstRow + placed.rows);
      }
      expect(isCovered.indexOf(0)).toBe(-1);
    }),
  );
});

test('property: windows cut from one curve stitch back to it, in any order', () => {
  fc.assert(
    fc.property(anyRecording, fc.constantFrom('overlap_add', 'max'), fc.nat(), (recording, method, seed) => {
      const { segments, rows, window, stride } = recording;
      // Sums of these fractions are exact in binary, so that equality may be asked for.
      const curve = Float64Array.from({ length: rows }, (_, row) => ((row * 7919 + seed) % 1024) / 1024);
      const stitcher = new Stitcher(segments, 1, { method, window_size: window, stride });
      const order = [...stitcher.windows.keys()].sort(
        (a, b) => ((a * 31 + seed) % 17) - ((b * 31 + seed) % 17),
      );
      for (const index of order) {
        const { firstRow, rows: recorded } = stitcher.windows[index]!;
        stitcher.add(index, of(curve.subarray(firstRow, firstRow + recorded)));
      }
      expect(stitcher.curve().arrive().probabilities).toEqual(curve);
    }),
  );
});
