import { InputError } from '../errors.ts';

/** A ratio of rates in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/**
 * The ratio between two sampling rates.
 *
 * @throws InputError `RESAMPLE_RATE` when no ratio of whole numbers up to 10,000 is near it
 */
export function rateRatio(from: number, to: number): Ratio {
  for (let down = 1; down <= 10_000; down++) {
    const up = (to / from) * down;
    if (Math.round(up) >= 1 && Math.abs(up - Math.round(up)) < 1e-9 * up && Math.round(up) <= 10_000)
      return { up: Math.round(up), down };
  }
  throw new InputError(
    'RESAMPLE_RATE',
    `No ratio of whole numbers leads from ${from} Hz to ${to} Hz; choose another data.sampling_rate.`,
  );
}

/**
 * Changes the rate by a polyphase filter: low-pass by a Kaiser window (beta 5) of 20 max(up, down) + 1 taps, zero
 * outside the signal (scipy.signal.resample_poly). Returns ceil(n * up / down) samples.
 */
export function resample(signal: Float64Array, { up, down }: Ratio): Float64Array {
  if (up === 1 && down === 1) return signal.slice();
  const half = 10 * Math.max(up, down);
  const taps = lowpass(half, 1 / Math.max(up, down), up);
  const length = Math.ceil((signal.length * up) / down);
  return Float64Array.from({ length }, (_, index) => {
    // Input j meets tap index * down - j * up + half.
    const centre = index * down;
    const first = Math.max(0, Math.ceil((centre - half) / up));
    const last = Math.min(signal.length - 1, Math.floor((centre + half) / up));
    let sum = 0;
    for (let j = first; j <= last; j++) sum += signal[j]! * taps[centre - j * up + half]!;
    return sum;
  });
}

/** Windowed sinc of 2 half + 1 taps with unit gain at 0 Hz, times `gain`. `cutoff` in shares of Nyquist's rate. */
function lowpass(half: number, cutoff: number, gain: number): Float64Array {
  const beta = 5;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, index) => {
    const x = index - half;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
    return sinc * besselI0(beta * Math.sqrt(1 - (x / half) ** 2));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => (tap * gain) / sum);
}

/** Modified Bessel function of the first kind, order 0, by its series (Abramowitz and Stegun 9.6.10). */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}
