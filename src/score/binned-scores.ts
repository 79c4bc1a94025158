import { floatOf, keyOf } from './sort-scores.ts';

/** Bits of a float32 that are left out: scores that agree in the others count as equal. */
const LEFT_OUT = 9;
const BINS = 2 ** (32 - LEFT_OUT);

/**
 * How often scores occur, by the leading 23 bits of their float32: sign, exponent and 14 bits behind the point. Scores less
 * than 1/16,384 of themselves apart may share a bin, and then tie, as those below the smallest normal number do. 64 MiB,
 * however many scores.
 */
export class BinnedScores {
  readonly #counts = new Float64Array(BINS);

  add(scores: Float32Array | Float64Array): void {
    const floats = scores instanceof Float32Array ? scores : Float32Array.from(scores);
    const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
    for (let index = 0; index < bits.length; index++) this.#counts[keyOf(bits[index]!) >>> LEFT_OUT]!++;
  }

  /** The middle of each bin that has any, from low to high, and how many it has. */
  distribution(): { values: Float32Array; counts: Float64Array } {
    const used: number[] = [];
    for (let bin = 0; bin < BINS; bin++) if (this.#counts[bin]! > 0) used.push(bin);
    const middle = 2 ** (LEFT_OUT - 1);
    return {
      values: Float32Array.from(used, (bin) => floatOf(bin * 2 ** LEFT_OUT + middle)),
      counts: Float64Array.from(used, (bin) => this.#counts[bin]!),
    };
  }
}
