/** Overlapping windows of a recording, put together to the recording again. */

/** Windows in the order in which they were cut. */
export interface Windows {
  /** (n, C, T) */
  readonly windows: Float32Array;
  readonly shape: readonly [n: number, channels: number, length: number];
  /** (n, T), or null */
  readonly labels: Uint8Array | null;
}

export interface Reconstruction {
  /** (N, C) */
  readonly signal: Float32Array;
  readonly rows: number;
  readonly channels: number;
  /** (N) */
  readonly labels: Uint8Array | null;
  /** First row of each stretch without a break. */
  readonly firstRows: readonly number[];
  /** Rows from one window to the next; null where they do not overlap. */
  readonly stride: number | null;
}

/**
 * Finds how far windows overlap, from samples that are equal, and joins them; each sample is kept once. Where a
 * window does not go on from the one before it, a new stretch begins.
 */
export function reconstruct({ windows, shape, labels }: Windows): Reconstruction {
  const [n, channels, length] = shape;
  const stride = strideOf(windows, shape);
  const follows = (index: number) =>
    stride !== null && overlaps(windows, shape, index, stride) && labelsAgree(labels, length, index, stride);
  const parts: { window: number; from: number }[] = [];
  const firstRows: number[] = [];
  let rows = 0;
  for (let window = 0; window < n; window++) {
    const from = window > 0 && follows(window - 1) ? length - stride! : 0;
    if (from === 0) firstRows.push(rows);
    parts.push({ window, from });
    rows += length - from;
  }
  const signal = new Float32Array(rows * channels);
  const joined = labels === null ? null : new Uint8Array(rows);
  let row = 0;
  for (const { window, from } of parts)
    for (let sample = from; sample < length; sample++, row++) {
      for (let channel = 0; channel < channels; channel++)
        signal[row * channels + channel] = windows[(window * channels + channel) * length + sample]!;
      if (joined !== null) joined[row] = labels![window * length + sample]!;
    }
  return { signal, rows, channels, labels: joined, firstRows, stride };
}

/** Rows that are equal by chance are fewer. */
const LEAST_OVERLAP = 8;

/** The smallest shift by which the second of two windows repeats the first, from the first pair that is not flat. */
function strideOf(windows: Float32Array, shape: Windows['shape']): number | null {
  const [n, channels, length] = shape;
  for (let index = 0; index + 1 < n; index++) {
    const next = windows.subarray((index + 1) * channels * length, ((index + 1) * channels + 1) * length);
    if (next.every((value) => value === next[0])) continue;
    for (let stride = 1; stride <= length - LEAST_OVERLAP; stride++)
      if (overlaps(windows, shape, index, stride)) return stride;
  }
  return null;
}

function overlaps(windows: Float32Array, shape: Windows['shape'], index: number, stride: number): boolean {
  const [, channels, length] = shape;
  for (let channel = 0; channel < channels; channel++) {
    const first = (index * channels + channel) * length;
    const second = first + channels * length;
    for (let sample = 0; sample + stride < length; sample++)
      if (windows[first + stride + sample] !== windows[second + sample]) return false;
  }
  return true;
}

function labelsAgree(labels: Uint8Array | null, length: number, index: number, stride: number): boolean {
  if (labels === null) return true;
  const first = index * length;
  for (let sample = 0; sample + stride < length; sample++)
    if (labels[first + stride + sample] !== labels[first + length + sample]) return false;
  return true;
}
