import { hash32, uniform } from '../random/index.ts';

/**
 * A sequence of draws that is a pure function of a seed and counters (what it is for: patient, recording, event): the
 * same whoever else draws, on whichever thread. Two sequences with other counters have nothing in common.
 */
export class Draws {
  /** 32 bits that stand for the seed and the counters; keys of further sequences and of noise are made of it. */
  readonly key: number;
  #drawn = 0;

  constructor(seed: number, ...counters: readonly number[]) {
    this.key = hash32(seed, ...counters);
  }

  /** Another sequence, for a part of what this one is for. Does not count as a draw. */
  part(...counters: readonly number[]): Draws {
    return new Draws(this.key, ...counters);
  }

  /** In (0, 1). */
  uniform(): number {
    return uniform(this.key, this.#drawn++);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  logBetween(low: number, high: number): number {
    return low * Math.exp(Math.log(high / low) * this.uniform());
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Normal of a mean and a deviation, held within `limit` deviations. */
  around(mean: number, deviation: number, limit = 2.5): number {
    return mean + deviation * Math.max(-limit, Math.min(limit, this.normal()));
  }

  /** From 0 to `count - 1`. */
  below(count: number): number {
    return Math.min(count - 1, Math.floor(this.uniform() * count));
  }

  isTrue(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A name, by weights that need not sum to 1. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let rest = this.uniform() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return entries.at(-1)![0];
  }

  /** A copy in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }
}
