/**
 * Numbers that look random and are pure functions of what they are for: a seed and counters such as epoch and
 * window. They are the same on every machine and need no state to resume.
 *
 * ```ts
 * uniform(42, 3, 17); // always 0.6…, for seed 42, epoch 3, window 17
 * ```
 */

/** A finaliser of Chris Wellons' hash prospector (2018, "lowbias32"): each bit in flips half of those out. */
function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A hash with one more counter: `combineHash(hash32(seed, a), b)` is `hash32(seed, a, b)`. */
export function combineHash(state: number, counter: number): number {
  return mix((state + 0x9e3779b9) ^ mix(counter));
}

/** 32 bits from a seed and any number of counters; the order of the counters matters. */
export function hash32(seed: number, ...counters: readonly number[]): number {
  return counters.reduce(combineHash, mix(seed));
}

/** Uniform in (0, 1), from a seed and counters. */
export function uniform(seed: number, ...counters: readonly number[]): number {
  return share(hash32(seed, ...counters));
}

/** 32 bits as a number in (0, 1). */
export function share(bits: number): number {
  return (bits + 0.5) / 2 ** 32;
}

/** Log-uniform between the bounds, from a number uniform in (0, 1). */
export function logUniform([low, high]: readonly [number, number], share: number): number {
  return Math.exp(Math.log(low) + share * Math.log(high / low));
}
