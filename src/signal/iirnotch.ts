import { InputError } from '../errors.ts';
import type { Polynomials } from './zeros-poles.ts';

/**
 * Designs a second-order notch (scipy.signal.iirnotch; Orfanidis, Introduction to Signal Processing, 11.3).
 *
 * @param frequency to be removed
 * @param quality centre over width at -3 dB
 * @param fs Hz; without it the frequency is a share of Nyquist's
 * @throws InputError `SIGNAL_FILTER` for a frequency outside 0 to Nyquist's, or a quality not above 0
 */
export function iirnotch(frequency: number, quality: number, fs = 2): Polynomials {
  if (!(frequency > 0 && frequency < fs / 2 && quality > 0))
    throw new InputError(
      'SIGNAL_FILTER',
      `iirnotch: expected a frequency between 0 and ${fs / 2}${fs === 2 ? '' : ' Hz'} and a quality above 0, found ${frequency} and ${quality}.`,
    );
  const centre = (2 * Math.PI * frequency) / fs;
  const beta = Math.tan(centre / quality / 2);
  const gain = 1 / (1 + beta);
  const middle = -2 * Math.cos(centre) * gain;
  return {
    b: Float64Array.of(gain, middle, gain),
    a: Float64Array.of(1, middle, 2 * gain - 1),
  };
}
