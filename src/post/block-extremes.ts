import { BgbError } from '../errors.ts';

/** Samples of a block, and blocks of a group. */
const BLOCK = 128;
const GROUP = 64;

/**
 * The least and the largest value of each block of a curve and of each group of blocks: what one pass needs to know, so
 * that a sweep over many thresholds passes over stretches that lie wholly above or below one.
 */
export class BlockExtremes {
  readonly #length: number;
  readonly #blocks: Extremes;
  readonly #groups: Extremes;

  /** @param values (T) @throws BgbError `POST_NAN` */
  constructor(values: ArrayLike<number>) {
    this.#length = values.length;
    this.#blocks = extremesOf(values, values, BLOCK);
    const nan = this.#blocks.least.findIndex(Number.isNaN);
    if (nan >= 0) {
      let index = nan * BLOCK;
      while (!Number.isNaN(values[index]!)) index++;
      throw new BgbError('POST_NAN', `Expected probabilities, found NaN at sample ${index} of the curve.`);
    }
    this.#groups = extremesOf(this.#blocks.least, this.#blocks.most, GROUP);
  }

  /** Whether a block begins at this sample: only there the others can be asked. */
  isAligned(index: number): boolean {
    return index % BLOCK === 0;
  }

  /** How far from a block's first sample on all samples are below the threshold; at least the sample itself. */
  endOfBelow(index: number, threshold: number): number {
    return this.#end(index, ({ most }, place) => most[place]! < threshold);
  }

  /** The same for samples at or above it. */
  endOfAtLeast(index: number, threshold: number): number {
    return this.#end(index, ({ least }, place) => least[place]! >= threshold);
  }

  #end(index: number, isPassed: (extremes: Extremes, place: number) => boolean): number {
    let block = index / BLOCK;
    const blocks = this.#blocks.least.length;
    while (block < blocks) {
      if (block % GROUP === 0 && isPassed(this.#groups, block / GROUP)) block += GROUP;
      else if (isPassed(this.#blocks, block)) block++;
      else break;
    }
    return Math.min(block * BLOCK, this.#length);
  }
}

interface Extremes {
  readonly least: Float64Array;
  readonly most: Float64Array;
}

function extremesOf(lows: ArrayLike<number>, highs: ArrayLike<number>, size: number): Extremes {
  const count = Math.ceil(lows.length / size);
  const [least, most] = [new Float64Array(count), new Float64Array(count)];
  for (let place = 0; place < count; place++) {
    const from = place * size;
    const to = Math.min(from + size, lows.length);
    let [low, high] = [lows[from]!, highs[from]!];
    let sum = low;
    for (let index = from + 1; index < to; index++) {
      const [l, h] = [lows[index]!, highs[index]!];
      if (l < low) low = l;
      if (h > high) high = h;
      sum += l;
    }
    // Comparisons pass over NaN; a sum does not, and infinities of both signs are no probabilities.
    least[place] = Number.isNaN(sum) ? Number.NaN : low;
    most[place] = high;
  }
  return { least, most };
}
