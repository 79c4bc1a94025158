import type { Signal } from '../edf/index.ts';

/** Everything that a header says of a signal but its place. */
function described({ byteInRecord: _, ...rest }: Signal): string {
  return JSON.stringify(rest);
}

/** The order of signals whose headers differ: the faster first, then by text. 0 where only their places differ. */
export function compareHeaders(a: Signal, b: Signal): number {
  const [first, second] = [described(a), described(b)];
  return b.sampleRate - a.sampleRate || (first < second ? -1 : first > second ? 1 : 0);
}

/** Places of all signals that the header describes in the same words as this one, it included. */
export function sameHeader(signals: readonly Signal[], index: number): number[] {
  const wanted = described(signals[index]!);
  return signals.flatMap((signal, place) => (described(signal) === wanted ? [place] : []));
}

/**
 * Which of several signals with one header is taken: the one that is smaller at the first sample in which they
 * differ. It may be decided late, since until then they are the same. The order in the file decides nothing, so that
 * a file with its signals in another order gives the same channel (failures B2).
 */
export class SameLabelChoice {
  #left: readonly number[];
  readonly #all: number;

  /** @param places of the signals */
  constructor(places: readonly number[]) {
    this.#left = places;
    this.#all = places.length;
  }

  get haveDiffered(): boolean {
    return this.#left.length < this.#all;
  }

  /** The chosen signal's samples of the next block. */
  take(samplesOf: (place: number) => Float64Array): Float64Array {
    let smallest = samplesOf(this.#left[0]!);
    for (const place of this.#left.slice(1)) {
      const samples = samplesOf(place);
      if (firstDifference(samples, smallest) < 0) smallest = samples;
    }
    this.#left = this.#left.filter((place) => firstDifference(samplesOf(place), smallest) === 0);
    return smallest;
  }
}

/** Negative where the first is smaller at the first sample in which they differ; 0 where they are the same. */
function firstDifference(samples: Float64Array, others: Float64Array): number {
  for (let i = 0; i < samples.length; i++) {
    const difference = samples[i]! - others[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
