import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reconstruct } from './reconstruct.ts';

/** Cuts windows as caches hold them. */
function cut(recording: Float32Array[], labels: Uint8Array, length: number, stride: number) {
  const rows = labels.length;
  const starts = Array.from({ length: Math.floor((rows - length) / stride) + 1 }, (_, i) => i * stride);
  const windows = Float32Array.from(
    starts.flatMap((start) => recording.flatMap((channel) => [...channel.subarray(start, start + length)])),
  );
  const mask = Uint8Array.from(starts.flatMap((start) => [...labels.subarray(start, start + length)]));
  return { windows, labels: mask, shape: [starts.length, recording.length, length] as const };
}

test('property: windows cut from a recording are joined to it again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 20, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer(),
      (channels, length, stride, count, seed) => {
        const rows = length + stride * count;
        // Values that do not repeat.
        const recording = Array.from({ length: channels }, (_, c) =>
          Float32Array.from({ length: rows }, (_, row) =>
            Math.fround(Math.sin(row * row + c + (seed % 1000))),
          ),
        );
        const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 7 < 3 ? 1 : 0));
        const joined = reconstruct(cut(recording, labels, length, stride));
        expect(joined).toMatchObject({ stride, rows, channels, firstRows: [0] });
        expect([...joined.labels!]).toEqual([...labels]);
        joined.signal.forEach((value, i) => {
          expect(value).toBe(recording[i % channels]![Math.floor(i / channels)]);
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('a window that does not go on from the one before begins a stretch', () => {
  const wave = Float32Array.from({ length: 90 }, (_, row) => Math.sin(row * row));
  const { windows, shape } = cut([wave], new Uint8Array(90), 30, 10);
  // Window 3 is replaced: neither window 2 nor window 4 overlaps it.
  windows.subarray(90, 120).forEach((_, i, window) => {
    window[i] = i;
  });
  const { firstRows, rows, labels } = reconstruct({ windows, shape, labels: null });
  expect(firstRows).toEqual([0, 50, 80]);
  expect(rows).toBe(50 + 30 + 30 + 2 * 10);
  expect(labels).toBeNull();
});

test('flat windows say nothing about their overlap', () => {
  const { stride, rows } = reconstruct({ windows: new Float32Array(60), shape: [2, 1, 30], labels: null });
  expect(stride).toBeNull();
  expect(rows).toBe(60);
});
