import { InputError } from '../errors.ts';
import type { RecordedSegment } from './curve.ts';

/** One window of inference. */
export interface PlacedWindow {
  /** Index of the segment it lies in. */
  readonly segment: number;
  /** First recorded row. */
  readonly firstRow: number;
  /** Recorded rows; fewer than the window's length only where the whole segment is shorter. */
  readonly rows: number;
}

/**
 * Windows that together cover every recorded row and never a hole (failures G12). Inside each segment they
 * start at multiples of the stride; where these leave a tail, one more window ends with the segment. A segment
 * shorter than a window is one window with fewer `rows`: the reader pads it with zeros at its end, and what is
 * predicted for the padding is dropped.
 *
 * The windows at multiples of the stride are the ones training counts; the tail windows exist only here.
 *
 * @throws InputError `POST_STRIDE` for a stride longer than the window, which would leave rows uncovered
 */
export function placeWindows(
  segments: readonly RecordedSegment[],
  windowSamples: number,
  strideSamples: number,
): PlacedWindow[] {
  if (!Number.isInteger(windowSamples) || windowSamples < 1) {
    throw new InputError(
      'POST_WINDOW',
      `Expected a window of whole samples, at least 1, found ${windowSamples}.`,
    );
  }
  if (!Number.isInteger(strideSamples) || strideSamples < 1 || strideSamples > windowSamples) {
    throw new InputError(
      'POST_STRIDE',
      `Expected a stride from 1 to the window's ${windowSamples} samples, so that every sample is predicted, ` +
        `found ${strideSamples}.`,
    );
  }
  const windows: PlacedWindow[] = [];
  for (const [segment, { firstRow, rows }] of segments.entries()) {
    if (rows < windowSamples) {
      windows.push({ segment, firstRow, rows });
      continue;
    }
    const lastStart = rows - windowSamples;
    for (let start = 0; start <= lastStart; start += strideSamples) {
      windows.push({ segment, firstRow: firstRow + start, rows: windowSamples });
    }
    if (lastStart % strideSamples !== 0) {
      windows.push({ segment, firstRow: firstRow + lastStart, rows: windowSamples });
    }
  }
  return windows;
}
