import { BgbError } from '../errors.ts';
import type { StitchingSettings } from './stitcher.ts';

/**
 * `Stitcher` for one stretch that is still being recorded: windows come in the order of time, and probabilities leave
 * it once no window can change them. Holds the rows between, about a window.
 */
export class StitchingStream {
  readonly #isMaximum: boolean;
  /** Row of the first value that is held. */
  #first = 0;
  #values: Float64Array;
  #covered: Uint32Array;
  #length = 0;

  constructor({ method, window_size }: StitchingSettings) {
    this.#isMaximum = method === 'max';
    this.#values = new Float64Array(2 * window_size);
    this.#covered = new Uint32Array(2 * window_size);
  }

  /** Rows that have left, and the first that is held. */
  get taken(): number {
    return this.#first;
  }

  /**
   * Adds a window whose first probability is that of row `firstRow`.
   *
   * @param probabilities one for each recorded row of the window
   * @throws BgbError `POST_WINDOW` for one that begins before rows that have left, or leaves rows out; `POST_NAN`
   */
  add(firstRow: number, probabilities: ArrayLike<number>): void {
    const from = firstRow - this.#first;
    if (from < 0 || from > this.#length)
      throw new BgbError(
        'POST_WINDOW',
        `Expected a window that begins at row ${this.#first} to ${this.#first + this.#length}, found ${firstRow}.`,
      );
    this.#grow(from + probabilities.length);
    for (let offset = 0; offset < probabilities.length; offset++) {
      const probability = probabilities[offset]!;
      if (Number.isNaN(probability))
        throw new BgbError(
          'POST_NAN',
          `Expected probabilities, found NaN at sample ${offset} of the window at row ${firstRow}.`,
        );
      const at = from + offset;
      if (!this.#isMaximum) this.#values[at]! += probability;
      else if (this.#covered[at] === 0 || probability > this.#values[at]!) this.#values[at] = probability;
      this.#covered[at]!++;
    }
  }

  /**
   * Probabilities of the rows up to `row`, which no further window may cover; they leave.
   *
   * @throws BgbError `POST_WINDOW` where a row was not predicted
   */
  take(row: number): Float64Array {
    const count = Math.max(0, row - this.#first);
    if (count > this.#length)
      throw new BgbError(
        'POST_WINDOW',
        `Expected windows up to row ${row}, found none beyond ${this.#first + this.#length}.`,
      );
    const taken = this.#meansOf(count);
    this.#values.copyWithin(0, count, this.#length);
    this.#covered.copyWithin(0, count, this.#length);
    this.#values.fill(0, this.#length - count, this.#length);
    this.#covered.fill(0, this.#length - count, this.#length);
    this.#first += count;
    this.#length -= count;
    return taken;
  }

  /** Of the rows that are held, what the windows so far say. */
  provisional(): Float64Array {
    return this.#meansOf(this.#length);
  }

  #meansOf(count: number): Float64Array {
    const means = this.#values.slice(0, count);
    if (!this.#isMaximum) for (let at = 0; at < count; at++) means[at]! /= this.#covered[at]!;
    return means;
  }

  #grow(length: number): void {
    this.#length = Math.max(this.#length, length);
    if (length <= this.#values.length) return;
    const [values, covered] = [new Float64Array(2 * length), new Uint32Array(2 * length)];
    values.set(this.#values);
    covered.set(this.#covered);
    this.#values = values;
    this.#covered = covered;
  }
}
