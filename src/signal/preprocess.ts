import type { Config } from '../config/index.ts';
import { type EdfRecording, readSignals, type Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { butter } from './butter.ts';
import { iirnotch } from './iirnotch.ts';
import { type Derivation, derive, referenceOf } from './montage.ts';
import { normalise } from './normalise.ts';
import { resamplePoly } from './polyphase.ts';
import { rateRatio } from './rate-ratio.ts';
import { defaultPadlen, sosfiltfilt } from './sosfiltfilt.ts';
import type { Section } from './zeros-poles.ts';

/** The settings that decide what a preprocessed recording holds; they are part of a cache entry's key. */
export type PreprocessingSettings = Pick<
  Config['preprocessing'],
  'montage' | 'bandpass' | 'notch_freq' | 'normalize' | 'clip'
> &
  Pick<Config['data'], 'sampling_rate'>;

export interface PreprocessedSegment {
  readonly firstRow: number;
  readonly rows: number;
  /** Time of its first row in samples at the cache's rate. */
  readonly startSample: number;
}

export interface Preprocessed {
  /** (N, C) int16, time-major */
  readonly signal: Int16Array;
  readonly channels: readonly string[];
  readonly sampleRate: number;
  /** What an int16 value is multiplied by: standard deviations when normalised, else microvolts. */
  readonly scale: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly reference: string;
  readonly clippedShare: number;
  readonly notices: readonly string[];
}

const NOTCH_QUALITY = 30;

/**
 * From a recording to what the model sees: montage, resampling, band-pass and notch (both without delay), each
 * segment alone; then z-score over all segments, clip, and int16.
 *
 * @throws InputError `MONTAGE_*`, `SIGNAL_*`, `RESAMPLE_RATE`, `EDF_*`
 */
export async function preprocess(
  recording: EdfRecording,
  settings: PreprocessingSettings,
): Promise<Preprocessed> {
  const { sampling_rate: sampleRate, montage, normalize, clip } = settings;
  const derivations = derive(montage, recording.signals, recording.path);
  const filters = designFilters(settings);
  const notices: string[] = [];
  const parts: Float64Array[][] = [];
  for (const segment of recording.segments) {
    const derived = await deriveSegment(recording, derivations, segment);
    const channels = derived.map(({ samples, rate }) => {
      const { up, down } = rateRatio(rate, sampleRate);
      return filters.reduce(
        (signal, sections) =>
          sosfiltfilt(sections, signal, { padlen: Math.min(defaultPadlen(sections), signal.length - 1) }),
        resamplePoly(samples, up, down),
      );
    });
    const rows = Math.min(...channels.map(({ length }) => length));
    parts.push(channels.map((channel) => channel.subarray(0, rows)));
  }
  for (const index of new Set(derivations.flatMap(({ plus, minus }) => [plus ?? minus!, minus ?? plus!]))) {
    if (recording.signals[index]!.dimension === '')
      notices.push(`signal ${recording.signals[index]!.label} names no unit; microvolts are assumed`);
  }
  let clippedShare = 0;
  if (normalize) {
    const { flat, clippedShare: share } = normalise(parts, clip);
    clippedShare = share;
    for (const channel of flat)
      notices.push(`channel ${derivations[channel]!.channel} does not vary; it is zero`);
    if (flat.length === derivations.length)
      throw new InputError(
        'SIGNAL_FLAT',
        `${recording.path}: none of its ${flat.length} channels varies; there is no EEG in it.`,
      );
  }
  const peak = parts.reduce(
    (top, part) =>
      part.reduce((most, channel) => channel.reduce((a, b) => Math.max(a, Math.abs(b)), most), top),
    0,
  );
  const scale = normalize ? clip / 32767 : Math.max(peak, 1e-6) / 32767;
  return {
    ...quantise(
      parts,
      recording.segments.map(({ startS }) => Math.round(startS * sampleRate)),
      scale,
    ),
    channels: derivations.map(({ channel }) => channel),
    sampleRate,
    scale,
    reference: referenceOf(derivations, recording.signals),
    clippedShare,
    notices,
  };
}

function designFilters({ bandpass, notch_freq, sampling_rate }: PreprocessingSettings) {
  const nyquist = sampling_rate / 2;
  const filters: Section[][] = [];
  if (bandpass !== null) {
    if (bandpass[1] >= nyquist)
      throw new InputError(
        'SIGNAL_BAND',
        `preprocessing.bandpass ends at ${bandpass[1]} Hz, but data.sampling_rate ${sampling_rate} Hz carries less than ${nyquist} Hz. Lower the band's upper edge.`,
      );
    filters.push(butter(3, bandpass, 'bandpass', { output: 'sos', fs: sampling_rate }));
  }
  if (notch_freq !== null) {
    if (notch_freq >= nyquist)
      throw new InputError(
        'SIGNAL_BAND',
        `preprocessing.notch_freq is ${notch_freq} Hz, but data.sampling_rate ${sampling_rate} Hz carries less than ${nyquist} Hz. Set it to null.`,
      );
    const { b, a } = iirnotch(notch_freq, NOTCH_QUALITY, sampling_rate);
    filters.push([[...b, ...a] as unknown as Section]);
  }
  return filters;
}

/** The montage's channels over one segment, in microvolts, at the recording's rates. */
async function deriveSegment(
  recording: EdfRecording,
  derivations: readonly Derivation[],
  segment: EdfRecording['segments'][number],
): Promise<{ samples: Float64Array; rate: number }[]> {
  const needed = [...new Set(derivations.flatMap(({ plus, minus }) => [plus, minus]))].filter(
    (index) => index !== null,
  );
  const read = await readSignals(recording, needed, segment);
  const microvolts = new Map(
    needed.map((index, at) => {
      const factor = microvoltsPer(recording.signals[index]!, recording.path);
      return [index, factor === 1 ? read[at]! : read[at]!.map((value) => value * factor)] as const;
    }),
  );
  return derivations.map(({ channel, plus, minus }) => {
    const rate = recording.signals[(plus ?? minus)!]!.sampleRate;
    if (plus !== null && minus !== null && recording.signals[minus]!.sampleRate !== rate)
      throw new InputError(
        'SIGNAL_RATE',
        `${recording.path}: ${channel} is the difference of two signals of different rates, ${rate} and ${recording.signals[minus]!.sampleRate} Hz.`,
      );
    if (minus === null) return { samples: microvolts.get(plus!)!, rate };
    const subtracted = microvolts.get(minus)!;
    if (plus === null) return { samples: subtracted.map((value) => -value), rate };
    return { samples: microvolts.get(plus)!.map((value, i) => value - subtracted[i]!), rate };
  });
}

function microvoltsPer({ dimension, label }: Signal, path: string): number {
  const factors: Record<string, number> = { '': 1, uv: 1, µv: 1, μv: 1, mv: 1e3, v: 1e6, nv: 1e-3 };
  const factor = factors[dimension.toLowerCase()];
  if (factor === undefined)
    throw new InputError(
      'SIGNAL_UNIT',
      `${path}: signal ${label} is in '${dimension}', expected a voltage (uV, mV, V, nV).`,
    );
  return factor;
}

function quantise(parts: readonly (readonly Float64Array[])[], starts: readonly number[], scale: number) {
  const channels = parts[0]!.length;
  const rows = parts.reduce((sum, part) => sum + part[0]!.length, 0);
  const signal = new Int16Array(rows * channels);
  const segments: PreprocessedSegment[] = [];
  let row = 0;
  parts.forEach((part, index) => {
    const length = part[0]!.length;
    segments.push({ firstRow: row, rows: length, startSample: starts[index]! });
    part.forEach((samples, channel) => {
      for (let i = 0; i < length; i++)
        signal[(row + i) * channels + channel] = Math.max(
          -32767,
          Math.min(32767, Math.round(samples[i]! / scale)),
        );
    });
    row += length;
  });
  return { signal, segments };
}
