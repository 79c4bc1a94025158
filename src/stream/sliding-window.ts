import type { StreamedRows } from '../signal/index.ts';

/** The last rows of a stream, as many as a window has. */
export class SlidingWindow {
  readonly #channels: number;
  readonly #length: number;
  readonly #values: StreamedRows;
  /** Rows held; the last of them is row `#rows - 1` of the stream. */
  #held = 0;
  #rows = 0;

  /** @param isQuantised int16, else float32 */
  constructor(length: number, channels: number, isQuantised: boolean) {
    this.#length = length;
    this.#channels = channels;
    // Twice as long, so that rows are moved once a window's length and not with every piece.
    const size = 2 * length * channels;
    this.#values = isQuantised ? new Int16Array(size) : new Float32Array(size);
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** @param rows (n, C), n at most the window's length */
  push(rows: StreamedRows): void {
    const count = rows.length / this.#channels;
    if (this.#held + count > 2 * this.#length) {
      const kept = this.#length;
      this.#values.copyWithin(0, (this.#held - kept) * this.#channels, this.#held * this.#channels);
      this.#held = kept;
    }
    this.#values.set(rows, this.#held * this.#channels);
    this.#held += count;
    this.#rows += count;
  }

  /** The last rows as a window, with zeros behind them where there are fewer. */
  window(): StreamedRows {
    const count = Math.min(this.#held, this.#length);
    const last = this.#values.subarray((this.#held - count) * this.#channels, this.#held * this.#channels);
    if (count === this.#length) return last.slice();
    const size = this.#length * this.#channels;
    const padded = this.#values instanceof Int16Array ? new Int16Array(size) : new Float32Array(size);
    padded.set(last);
    return padded;
  }
}
