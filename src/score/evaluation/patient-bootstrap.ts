import { percentile } from '../../post/index.ts';
import { hash32 } from '../../random/index.ts';
import type { Bounds } from './exact-intervals.ts';

/** A figure, or several, of the patients drawn: how often each was. null where the draw leaves it undefined. */
export type Statistic = (draws: Float64Array) => readonly (number | null)[];

/** Fewer patients than this are too few to resample. */
export const LEAST_PATIENTS = 10;

/**
 * 95 % percentile intervals by resampling patients with replacement (Efron 1979), for recordings of one patient are alike
 * and samples more so. Draws are a function of the seed: the same intervals on every machine.
 */
export class PatientBootstrap {
  readonly patients: number;
  readonly resamples: number;
  readonly seed: number;
  readonly #order: readonly number[];

  /** @param order the patients' indices in an order that does not hang on that of the recordings, as by name */
  constructor(order: readonly number[], { resamples = 2000, seed = 0 } = {}) {
    this.patients = order.length;
    this.#order = order;
    this.resamples = resamples;
    this.seed = seed;
  }

  /** Intervals of what `statistic` yields, in its order; null for what most draws leave undefined. */
  intervals(statistic: Statistic): (Bounds | null)[] {
    const values: number[][] = [];
    const draws = new Float64Array(this.patients);
    for (let resample = 0; resample < this.resamples; resample++) {
      draws.fill(0);
      for (let draw = 0; draw < this.patients; draw++) draws[this.#drawn(resample, draw)]!++;
      for (const [index, value] of statistic(draws).entries()) {
        values[index] ??= [];
        if (value !== null) values[index].push(value);
      }
    }
    return values.map((all) => {
      if (all.length < this.resamples / 2) return null;
      const sorted = Float64Array.from(all).sort();
      return { low: percentile(sorted, 0.025), high: percentile(sorted, 0.975) };
    });
  }

  /** Uniform over the patients: of 2^32 values, one more or less falls to each. */
  #drawn(resample: number, draw: number): number {
    return this.#order[Math.floor((hash32(this.seed, resample, draw) / 2 ** 32) * this.patients)]!;
  }
}

/** Sum over patients of what each counts, as often as drawn. */
export function drawnSum(counts: ArrayLike<number>, draws: Float64Array): number {
  let sum = 0;
  for (let patient = 0; patient < draws.length; patient++) sum += counts[patient]! * draws[patient]!;
  return sum;
}
