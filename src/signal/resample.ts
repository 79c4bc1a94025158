import { InputError } from '../errors.ts';
import { type FourierTransform, fourierTransform, inverseTransform } from './fourier.ts';

/**
 * Resamples by the Fourier transform, as if the signal repeated: its spectrum cut off or continued with zeros
 * (scipy.signal.resample). Any length, primes too; needs memory for the whole signal several times.
 *
 * @param signal (n)
 * @param count samples to return
 * @throws InputError `SIGNAL_LENGTH` for an empty signal or result
 */
export function resample(signal: ArrayLike<number>, count: number): Float64Array {
  return new FourierResampler(signal.length, count).apply(signal);
}

/** {@link resample} of several signals of one length. */
export class FourierResampler {
  readonly #length: number;
  readonly #count: number;
  readonly #forward: FourierTransform;
  readonly #backward: FourierTransform;

  /** @throws InputError `SIGNAL_LENGTH` for an empty signal or result */
  constructor(length: number, count: number) {
    if (length < 1)
      throw new InputError('SIGNAL_LENGTH', 'resample: expected a signal of at least 1 sample, found none.');
    if (!Number.isSafeInteger(count) || count < 1)
      throw new InputError(
        'SIGNAL_LENGTH',
        `resample: expected a whole number of at least 1 sample to make, found ${count}.`,
      );
    this.#length = length;
    this.#count = count;
    this.#forward = fourierTransform(length);
    this.#backward = fourierTransform(count);
  }

  apply(signal: ArrayLike<number>): Float64Array {
    const length = this.#length;
    const count = this.#count;
    const real = Float64Array.from(signal);
    if (count === length) return real;
    const imaginary = new Float64Array(length);
    this.#forward.forward(real, imaginary);
    const outReal = continued(real, count);
    inverseTransform(this.#backward, outReal, continued(imaginary, count));
    for (let i = 0; i < count; i++) outReal[i]! *= count / length;
    return outReal;
  }
}

/** One part of a spectrum with another number of bins. */
function continued(bins: Float64Array, count: number): Float64Array {
  const { length } = bins;
  const out = new Float64Array(count);
  const shared = Math.min(length, count);
  const positive = Math.floor((shared - 1) / 2);
  out.set(bins.subarray(0, positive + 1));
  out.set(bins.subarray(length - positive), count - positive);
  // Of an even number of bins the middle one stands for both signs of its frequency.
  if (shared % 2 === 0) {
    const middle = shared / 2;
    if (count < length) out[middle] = bins[middle]! + bins[length - middle]!;
    else out[middle] = out[count - middle] = bins[middle]! / 2;
  }
  return out;
}
