/** Mean, spread and peak of samples that come in blocks (Chan, Golub and LeVeque 1983). */
export class RunningMoments {
  count = 0;
  mean = 0;
  /** Sum of squared differences from the mean. */
  #squares = 0;
  /** Largest magnitude. */
  peak = 0;

  add(samples: Float64Array): void {
    const { length } = samples;
    if (length === 0) return;
    let sum = 0;
    for (let i = 0; i < length; i++) sum += samples[i]!;
    const mean = sum / length;
    let squares = 0;
    let { peak } = this;
    for (let i = 0; i < length; i++) {
      const value = samples[i]!;
      const difference = value - mean;
      squares += difference * difference;
      const magnitude = Math.abs(value);
      if (magnitude > peak) peak = magnitude;
    }
    const count = this.count + length;
    const shift = mean - this.mean;
    this.#squares += squares + (shift * shift * this.count * length) / count;
    this.mean += (shift * length) / count;
    this.count = count;
    this.peak = peak;
  }

  get deviation(): number {
    return Math.sqrt(this.#squares / this.count);
  }

  /** Whether it does not vary: rounding leaves a constant channel some 1e-16 of its level. */
  get isFlat(): boolean {
    return !(this.deviation > 1e-9 * Math.max(1e-3, Math.abs(this.mean)));
  }
}

/** Quantiles by linear interpolation between neighbours, as numpy.quantile; sorts the samples. */
export function quantiles(samples: Float64Array, shares: readonly number[]): number[] {
  samples.sort();
  return shares.map((share) => {
    const place = share * (samples.length - 1);
    const below = Math.floor(place);
    const low = samples[below]!;
    return low + (samples[Math.min(below + 1, samples.length - 1)]! - low) * (place - below);
  });
}
