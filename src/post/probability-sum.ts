/** Probabilities are summed in steps of 2^-53, the spacing of numbers just below 1. */
const STEPS = 2 ** 53;
const LOW = 2 ** 26;

/**
 * Sum of probabilities that does not depend on the order in which they are added, so that a stream which adds stretch by
 * stretch gets the bits of one pass. Each is rounded to a whole number of steps and split in two parts, whose sums are
 * exact up to 2^26 of them: 72 h at 256 Hz.
 */
export class ProbabilitySum {
  #high = 0;
  #low = 0;

  add(probability: number): void {
    const steps = Math.round(probability * STEPS);
    const high = Math.floor(steps / LOW);
    this.#high += high;
    this.#low += steps - high * LOW;
  }

  addSum(other: ProbabilitySum): void {
    this.#high += other.#high;
    this.#low += other.#low;
  }

  get value(): number {
    return (this.#high * LOW + this.#low) / STEPS;
  }
}
