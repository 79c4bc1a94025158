import { quantiles, type RunningMoments } from './statistics.ts';

/** Turns a channel's samples in place into standard deviations, block by block in their order. */
export interface Normaliser {
  apply(samples: Float64Array): void;
}

/** (x - centre) / spread; zeros where there is no spread. */
export class FixedNormaliser implements Normaliser {
  readonly #centre: number;
  readonly #spread: number;

  constructor(centre: number, spread: number) {
    this.#centre = centre;
    this.#spread = spread;
  }

  apply(samples: Float64Array): void {
    if (this.#spread === 0) samples.fill(0);
    else for (let i = 0; i < samples.length; i++) samples[i] = (samples[i]! - this.#centre) / this.#spread;
  }
}

/** z-score with the mean and standard deviation of the whole channel. */
export function recordingNormaliser(moments: RunningMoments): Normaliser {
  return new FixedNormaliser(moments.mean, moments.isFlat ? 0 : moments.deviation);
}

/** Quartiles of a normal distribution lie 1.349 deviations apart. */
const QUARTILES_APART = 1.3489795003921634;

/**
 * Median and interquartile range of the whole channel, the range divided by 1.349: standard deviations for a normal
 * distribution, which outliers hardly move. null where half of the samples have one value.
 */
export function robustNormaliser(samples: Float64Array): Normaliser | null {
  const [low, median, high] = quantiles(samples.slice(), [0.25, 0.5, 0.75]) as [number, number, number];
  const spread = (high - low) / QUARTILES_APART;
  return spread > 1e-9 * Math.max(1e-3, Math.abs(median)) ? new FixedNormaliser(median, spread) : null;
}

/**
 * Causal z-score: mean and variance with weights that fall exponentially into the past and sum to 1 from the first
 * sample on (West, Communications of the ACM 22, 1979). The first sample is 0.
 */
export class RunningNormaliser implements Normaliser {
  readonly #decay: number;
  /** decay ^ samples */
  #power = 1;
  #mean = 0;
  #variance = 0;

  /** @param timeConstant in samples: the weight of one so long ago is 1 / e */
  constructor(timeConstant: number) {
    this.#decay = Math.exp(-1 / timeConstant);
  }

  apply(samples: Float64Array): void {
    for (let i = 0; i < samples.length; i++) {
      this.#power *= this.#decay;
      const share = (1 - this.#decay) / (1 - this.#power);
      const difference = samples[i]! - this.#mean;
      this.#mean += share * difference;
      this.#variance = (1 - share) * (this.#variance + share * difference * difference);
      const deviation = Math.sqrt(this.#variance);
      const isFlat = deviation <= 1e-9 * Math.max(1e-3, Math.abs(this.#mean));
      samples[i] = isFlat ? 0 : (samples[i]! - this.#mean) / deviation;
    }
  }
}
