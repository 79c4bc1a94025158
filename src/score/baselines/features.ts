import { BgbError } from '../../errors.ts';
import { Welch } from './welch.ts';

/**
 * Features of one window `(T, C)`, time-major as a cache entry stores it. Line length and RMS are means over
 * channels and grow with the signal's gain; relative band powers do not change with it.
 */
type Window = Float32Array | Float64Array;

/** Hz, upper edge exclusive. */
export const BANDS = {
  delta: [0.5, 4],
  theta: [4, 8],
  alpha: [8, 13],
  beta: [13, 30],
  gamma: [30, 70],
} as const;

export type Band = keyof typeof BANDS;

const BAND_EDGES: readonly (readonly [low: number, high: number])[] = Object.values(BANDS);

/** Sum of absolute differences of neighbouring samples (Esteller et al. 2001), mean over channels. */
export function lineLength(window: Window, channels: number): number {
  checkWindow(window, channels);
  let sum = 0;
  for (let index = channels; index < window.length; index++) {
    sum += Math.abs(window[index]! - window[index - channels]!);
  }
  return sum / channels;
}

/** Root of the mean square of each channel, mean over channels. */
export function rootMeanSquare(window: Window, channels: number): number {
  checkWindow(window, channels);
  const squares = new Float64Array(channels);
  for (let index = 0; index < window.length; index++) squares[index % channels]! += window[index]! ** 2;
  const samples = window.length / channels;
  return squares.reduce((sum, square) => sum + Math.sqrt(square / samples), 0) / channels;
}

/**
 * Share of each band in the power from 0.5 to 70 Hz, for each channel: `(C * 5)`, the bands of the first channel
 * first. From Welch's spectrum over segments of 2 s (or the whole window, if shorter). NaN for a channel without
 * power, which has no shares; the logistic regression takes NaN as unknown.
 *
 * @throws BgbError `FEATURE_WINDOW` if the length is no multiple of the channels; `WELCH_SEGMENT` for one sample
 */
export function relativeBandPowers(window: Window, channels: number, sampleRate: number): Float64Array {
  checkWindow(window, channels);
  const samples = window.length / channels;
  const spectrum = new Welch(sampleRate, Math.min(samples, Math.round(2 * sampleRate)));
  const shares = new Float64Array(channels * BAND_EDGES.length);
  for (let channel = 0; channel < channels; channel++) {
    const signal = Float64Array.from({ length: samples }, (_, row) => window[row * channels + channel]!);
    const density = spectrum.density(signal);
    const powers = BAND_EDGES.map(([low, high]) => {
      let power = 0;
      for (let k = 0; k < density.length; k++) {
        if (spectrum.frequencies[k]! >= low && spectrum.frequencies[k]! < high) power += density[k]!;
      }
      return power;
    });
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (const [band, power] of powers.entries()) {
      shares[channel * BAND_EDGES.length + band] = total > 0 ? power / total : Number.NaN;
    }
  }
  return shares;
}

/**
 * Seconds from the start of the segment to the start of the window. Knows nothing of the EEG: where it separates
 * the classes, the split does, not the detector.
 */
export function secondsIntoSegment(rowInSegment: number, sampleRate: number): number {
  return rowInSegment / sampleRate;
}

function checkWindow(window: Window, channels: number): void {
  if (Number.isInteger(channels) && channels > 0 && window.length > 0 && window.length % channels === 0)
    return;
  throw new BgbError(
    'FEATURE_WINDOW',
    `Expected a window (T, C) with C = ${channels}, found ${window.length} values.`,
  );
}
