import { InputError } from '../errors.ts';
import { fourierTransform, inverseTransform } from './fourier.ts';

/**
 * Resamples by the Fourier transform, as if the signal repeated: its spectrum cut off or continued with zeros
 * (scipy.signal.resample). Any length, primes too; needs memory for the whole signal several times.
 *
 * @param signal (n)
 * @param count samples to return
 * @throws InputError `SIGNAL_LENGTH` for an empty signal or result
 */
export function resample(signal: ArrayLike<number>, count: number): Float64Array {
  checkCount(count);
  checkNotEmpty(signal.length);
  const real = Float64Array.from(signal);
  return changeLength(real, new Float64Array(real.length), count)[0];
}

/** Two signals of one length for the price of one: the second travels as the imaginary part. */
export function resamplePair(
  first: Float64Array,
  second: Float64Array,
  count: number,
): readonly [Float64Array, Float64Array] {
  checkCount(count);
  checkNotEmpty(first.length);
  return changeLength(first.slice(), second.slice(), count);
}

function checkCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InputError(
      'SIGNAL_LENGTH',
      `resample: expected a whole number of at least 1 sample to make, found ${count}.`,
    );
}

function checkNotEmpty(length: number): void {
  if (length === 0)
    throw new InputError('SIGNAL_LENGTH', 'resample: expected a signal of at least 1 sample, found none.');
}

/** The parts are overwritten. */
function changeLength(
  real: Float64Array,
  imaginary: Float64Array,
  count: number,
): readonly [Float64Array, Float64Array] {
  const { length } = real;
  if (count === length) return [real, imaginary];
  fourierTransform(length).forward(real, imaginary);
  const outReal = new Float64Array(count);
  const outImaginary = new Float64Array(count);
  for (const [from, to] of [
    [real, outReal],
    [imaginary, outImaginary],
  ] as const) {
    const shared = Math.min(length, count);
    const positive = Math.floor((shared - 1) / 2);
    to.set(from.subarray(0, positive + 1));
    to.set(from.subarray(length - positive), count - positive);
    // Of an even number of bins the middle one stands for both signs of its frequency.
    if (shared % 2 === 0) {
      const middle = shared / 2;
      if (count < length) to[middle] = from[middle]! + from[length - middle]!;
      else to[middle] = to[count - middle] = from[middle]! / 2;
    }
  }
  inverseTransform(fourierTransform(count), outReal, outImaginary);
  const gain = count / length;
  for (let i = 0; i < count; i++) {
    outReal[i]! *= gain;
    outImaginary[i]! *= gain;
  }
  return [outReal, outImaginary];
}
