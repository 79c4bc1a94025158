/**
 * A figure, or null with the reason why there is none. A metric that is undefined or a target that cannot be
 * reached never turns into 0 or 1 (failures G10, G11).
 */
export type Measured =
  | { readonly value: number; readonly reason: null }
  | { readonly value: null; readonly reason: string };

export function measured(value: number): Measured {
  return { value, reason: null };
}

export function notMeasured(reason: string): Measured {
  return { value: null, reason };
}

/** `numerator / denominator`, or the reason where there is nothing to divide by. */
export function ratio(numerator: number, denominator: number, reasonIfEmpty: string): Measured {
  return denominator > 0 ? measured(numerator / denominator) : notMeasured(reasonIfEmpty);
}

/** Counts add up: the field-wise sum, exact and so independent of the order for whole numbers. */
export function sumCounts<Counts extends { readonly [Field in keyof Counts]: number }>(
  first: Counts,
  ...others: readonly Counts[]
): Counts {
  const sum = { ...first };
  for (const other of others) {
    for (const field of Object.keys(sum) as (keyof Counts)[]) {
      sum[field] = (sum[field] + other[field]) as Counts[keyof Counts];
    }
  }
  return sum;
}

/**
 * The mean of one figure over recordings. Recordings where it is undefined are left out and counted, so that a
 * report can say over how many the mean was taken.
 */
export class MeanOverRecordings {
  readonly #values: number[] = [];
  #leftOut = 0;

  add(figure: Measured): void {
    if (figure.value === null) this.#leftOut++;
    else this.#values.push(figure.value);
  }

  /** Recordings that the mean is taken over. */
  get recordings(): number {
    return this.#values.length;
  }

  /** Recordings left out because the figure is undefined there. */
  get recordingsLeftOut(): number {
    return this.#leftOut;
  }

  /** Summed in sorted order, so that not even the last bit depends on the order of recordings. */
  get mean(): Measured {
    const sum = this.#values.toSorted((a, b) => a - b).reduce((total, value) => total + value, 0);
    return ratio(sum, this.#values.length, 'undefined in every recording');
  }
}
