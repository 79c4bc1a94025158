import type { Config } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { butter } from './butter.ts';
import { iirnotch } from './iirnotch.ts';
import type { Section } from './zeros-poles.ts';

const ORDER = 3;
const NOTCH_QUALITY = 30;
/** The band's upper edge in shares of the recording's own Nyquist frequency, at most. */
const HIGHEST_SHARE = 0.99;

/** The filters of a channel in their order, and a sentence where the band had to be narrowed. */
export interface ChannelFilters {
  readonly filters: readonly (readonly Section[])[];
  readonly notice: string | null;
}

/**
 * Band-pass and notches for a channel that was recorded at `rate` Hz. Above half of that there is nothing but the
 * resampler's images, so the band ends below.
 *
 * @throws InputError `SIGNAL_BAND` where a rate cannot carry the band or a notch
 */
export function channelFilters(
  {
    bandpass,
    notch_freq,
    sampling_rate,
  }: Pick<Config['preprocessing'], 'bandpass' | 'notch_freq'> & Pick<Config['data'], 'sampling_rate'>,
  rate: number,
  path: string,
): ChannelFilters {
  const filters: Section[][] = [];
  let notice: string | null = null;
  if (bandpass !== null) {
    const [low, high] = bandpass;
    refuseBeyond('preprocessing.bandpass ends at', high, sampling_rate, "Lower the band's upper edge.");
    const edge = Math.min(high, (HIGHEST_SHARE * rate) / 2);
    if (low >= edge)
      throw new InputError(
        'SIGNAL_BAND',
        `${path}: the band from ${low} Hz lies beyond what signals of ${rate} Hz carry, less than ${rate / 2} Hz. Leave the recording out.`,
      );
    if (edge < high)
      notice = `the band ends at ${edge} Hz instead of ${high}: signals of ${rate} Hz carry no more`;
    filters.push(butter(ORDER, [low, edge], 'bandpass', { output: 'sos', fs: sampling_rate }));
  }
  for (const frequency of notch_freq ?? []) {
    refuseBeyond('preprocessing.notch_freq is', frequency, sampling_rate, 'Set it to null, or lower it.');
    const { b, a } = iirnotch(frequency, NOTCH_QUALITY, sampling_rate);
    filters.push([[b[0]!, b[1]!, b[2]!, a[0]!, a[1]!, a[2]!]]);
  }
  return { filters, notice };
}

function refuseBeyond(what: string, frequency: number, sampleRate: number, remedy: string): void {
  if (frequency >= sampleRate / 2)
    throw new InputError(
      'SIGNAL_BAND',
      `${what} ${frequency} Hz, but data.sampling_rate ${sampleRate} Hz carries less than ${sampleRate / 2} Hz. ${remedy}`,
    );
}
