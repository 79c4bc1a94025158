import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromTypedArray } from '../torch/index.ts';
import { segmentsOf } from './curve.ts';
import { Stitcher } from './stitcher.ts';
import { StitchingStream } from './stitching-stream.ts';

test('rows that leave as windows come are those of the whole recording, to the bit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom('overlap_add', 'max'),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 97, maxLength: 97 }),
      (rows, window, step, method, values) => {
        const settings = { method, window_size: window, stride: Math.min(step, window) } as const;
        const whole = new Stitcher(segmentsOf([[0, 0]], rows), 1, settings);
        const stream = new StitchingStream(settings);
        const streamed: number[] = [];
        for (const [index, { firstRow, rows: length }] of whole.windows.entries()) {
          const probabilities = Float32Array.from({ length }, (_, at) => values[(index * 31 + at) % 97]!);
          whole.add(index, fromTypedArray(probabilities, [length]));
          stream.add(firstRow, probabilities);
          const next = whole.windows[index + 1]?.firstRow ?? rows;
          streamed.push(...stream.take(next));
        }
        expect(streamed).toEqual([...whole.curve().arrive().probabilities]);
        expect(stream.taken).toBe(rows);
      },
    ),
    { numRuns: 500 },
  );
});

test('provisional: what the windows so far say of rows that are not final', () => {
  const stream = new StitchingStream({ method: 'overlap_add', window_size: 4, stride: 2 });
  stream.add(0, [0, 0, 0.5, 0.5]);
  stream.add(2, [0.25, 0.25, 1, 1]);
  expect([...stream.take(2)]).toEqual([0, 0]);
  expect([...stream.provisional()]).toEqual([0.375, 0.375, 1, 1]);
  expect(() => stream.add(1, [0])).toThrow('begins at row 2 to 6');
  expect(() => stream.take(7)).toThrow('none beyond 6');
});
