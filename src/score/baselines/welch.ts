import { BgbError } from '../../errors.ts';
import { Fourier } from './fourier.ts';

/**
 * Welch's power spectral density (Welch 1967): Hann windows (periodic) of `segmentSamples`, overlapping by half,
 * each without its mean, averaged; transformed at the next power of two. Equals SciPy's
 * `signal.welch(x, fs, nperseg=segmentSamples, nfft=<next power of two>)`. Samples left after the last whole
 * segment are not used.
 */
export class Welch {
  /** Hz, of each value of a density. */
  readonly frequencies: Float64Array;
  readonly #fourier: Fourier;
  readonly #window: Float64Array;
  /** Turns powers into a density, one-sided: all but 0 and half the rate count twice. */
  readonly #scale: Float64Array;

  /** @throws BgbError `WELCH_SEGMENT` for a segment of fewer than 2 samples */
  constructor(sampleRate: number, segmentSamples: number) {
    if (!Number.isInteger(segmentSamples) || segmentSamples < 2) {
      throw new BgbError(
        'WELCH_SEGMENT',
        `Expected a segment of at least 2 samples, found ${segmentSamples}.`,
      );
    }
    const fourier = new Fourier(2 ** Math.ceil(Math.log2(segmentSamples)));
    const last = fourier.size / 2;
    this.#fourier = fourier;
    this.#window = Float64Array.from(
      { length: segmentSamples },
      (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / segmentSamples),
    );
    const windowPower = this.#window.reduce((sum, value) => sum + value ** 2, 0);
    this.frequencies = Float64Array.from({ length: last + 1 }, (_, k) => (k * sampleRate) / fourier.size);
    this.#scale = this.frequencies.map(
      (_, k) => (k === 0 || k === last ? 1 : 2) / (sampleRate * windowPower),
    );
  }

  /**
   * Density of a signal `(T)`, in its units squared per Hz, `(frequencies)`.
   * @throws BgbError `WELCH_SEGMENT` for a signal shorter than a segment
   */
  density(signal: ArrayLike<number>): Float64Array {
    const length = this.#window.length;
    if (signal.length < length) {
      throw new BgbError(
        'WELCH_SEGMENT',
        `Expected a signal of at least one segment, ${length} samples, found ${signal.length}.`,
      );
    }
    const density = new Float64Array(this.frequencies.length);
    const segment = new Float64Array(length);
    const step = length - Math.floor(length / 2);
    let segments = 0;
    for (let start = 0; start + length <= signal.length; start += step) {
      let sum = 0;
      for (let index = 0; index < length; index++) sum += signal[start + index]!;
      for (let index = 0; index < length; index++) {
        segment[index] = (signal[start + index]! - sum / length) * this.#window[index]!;
      }
      const powers = this.#fourier.powers(segment);
      for (let k = 0; k < density.length; k++) density[k]! += powers[k]!;
      segments++;
    }
    return density.map((power, k) => (power * this.#scale[k]!) / segments);
  }
}
