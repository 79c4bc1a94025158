import type { Config } from '../config/index.ts';
import type { EdfRecording } from '../edf/index.ts';
import { FilteredStream, type PreprocessedSegment, type Sink } from './filtered-stream.ts';
import { MicrovoltSignal } from './microvolt-signal.ts';
import { deriveMontage } from './montage.ts';
import {
  FixedNormaliser,
  type Normaliser,
  RunningNormaliser,
  recordingNormaliser,
  robustNormaliser,
} from './normalise.ts';
import { QuantisedSignal } from './quantised-signal.ts';
import { refuseFlat } from './refuse-flat.ts';
import { RunningMoments } from './statistics.ts';

/** The settings that decide what a preprocessed recording holds; they are part of a cache entry's key. */
export type PreprocessingSettings = Omit<Config['preprocessing'], 'use_mne'> &
  Pick<Config['data'], 'sampling_rate'>;

export interface Preprocessed<Samples = Int16Array> {
  /** (N, C) int16, time-major; float32 microvolts where they were asked for */
  readonly signal: Samples;
  readonly channels: readonly string[];
  readonly sampleRate: number;
  /** What an int16 value is multiplied by: standard deviations when normalised, else microvolts. */
  readonly scale: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly reference: string;
  /** Share of samples that were clipped (failures F2). */
  readonly clippedShare: number;
  /** Samples that were not finite and became 0. */
  readonly nonFinite: number;
  readonly notices: readonly string[];
}

/**
 * Filtered samples kept between the statistics and their use; a recording with more, 86 min of 19 channels, is computed
 * twice. Together with the result and Node itself a build then stays under 500 MB (cache/memory.test.ts).
 */
const STAGING_BYTES = 192 << 20;

/**
 * From a recording to what the model sees; docs/preprocessing.md is its description. Each segment alone: montage,
 * the median of the first second subtracted, resampled, band-pass, notch. Then over all segments: normalised,
 * clipped, int16.
 *
 * With `filter: causal` and `resample: polyphase`, memory beyond the result is bounded, except for `robust`.
 *
 * @param isQuantised false leaves microvolts (`normalize: none`) as float32, for the step of an int16 hangs on the
 * recording's peak, which a stream does not know; normalised samples are int16 whatever it says
 * @throws InputError `MONTAGE_*`, `SIGNAL_*`, `RESAMPLE_RATE`, `EDF_*`
 */
export async function preprocess(
  recording: EdfRecording,
  settings: PreprocessingSettings,
  options?: { readonly stagingBytes?: number },
): Promise<Preprocessed>;
export async function preprocess(
  recording: EdfRecording,
  settings: PreprocessingSettings,
  options: { readonly stagingBytes?: number; readonly isQuantised: boolean },
): Promise<Preprocessed<Int16Array | Float32Array>>;
export async function preprocess(
  recording: EdfRecording,
  settings: PreprocessingSettings,
  {
    stagingBytes = STAGING_BYTES,
    isQuantised = true,
  }: { readonly stagingBytes?: number; readonly isQuantised?: boolean } = {},
): Promise<Preprocessed<Int16Array | Float32Array>> {
  const { sampling_rate: sampleRate, normalize, clip } = settings;
  const montage = deriveMontage(settings, recording.signals, recording.path);
  const stream = new FilteredStream(recording, montage, settings);
  const { rows, segments } = stream;
  const channels = montage.derivations.map(({ channel }) => channel);
  const moments = channels.map(() => new RunningMoments());
  const isExact = normalize === 'none' && !isQuantised;
  /** Nothing has to be known of the whole recording first. */
  const isAtOnce = normalize === 'running' || isExact;
  const isStaged = normalize === 'robust' || (!isAtOnce && rows * channels.length * 8 <= stagingBytes);
  const staged = isStaged ? channels.map(() => new Float64Array(rows)) : null;
  const output = isExact
    ? new MicrovoltSignal(rows, channels.length)
    : new QuantisedSignal(rows, channels.length);
  const running = channels.map(() => new RunningNormaliser(settings.running_time_constant_s * sampleRate));
  const clipScale = clip / 32767;

  const nonFinite = await stream.run((channel, row, samples) => {
    moments[channel]!.add(samples);
    if (staged !== null) staged[channel]!.set(samples, row);
    if (!isAtOnce) return;
    if (!isExact) running[channel]!.apply(samples);
    output.write(channel, row, samples, clipScale, clip);
  });
  refuseFlat(montage, moments, recording.path);
  const notices = [...montage.notices, ...stream.notices()];
  if (nonFinite > 0) notices.push(`${nonFinite} samples were not finite and are 0`);
  const peak = moments.reduce((most, channel) => Math.max(most, channel.peak), 0);
  const scale = isExact ? 1 : normalize === 'none' ? Math.max(peak, 1e-6) / 32767 : clipScale;
  if (!isAtOnce) {
    const normalisers = moments.map((channel, index): Normaliser | null => {
      if (normalize === 'none') return null;
      if (normalize === 'recording' || channel.isFlat) return recordingNormaliser(channel);
      const robust = robustNormaliser(staged![index]!);
      if (robust === null) notices.push(`half of channel ${channels[index]} is one value; it is zero`);
      return robust ?? new FixedNormaliser(0, 0);
    });
    const write = (channel: number, row: number, samples: Float64Array) => {
      normalisers[channel]?.apply(samples);
      output.write(channel, row, samples, scale, normalize === 'none' ? null : clip);
    };
    if (staged === null) await stream.run(write);
    else inRowBlocks(staged, write);
  }
  moments.forEach(({ isFlat }, channel) => {
    if (isFlat && normalize !== 'none')
      notices.push(`channel ${channels[channel]} does not vary; it is zero`);
  });
  return {
    signal: output.signal,
    segments,
    channels,
    sampleRate,
    scale,
    reference: montage.reference,
    clippedShare: output.clipped / (rows * channels.length),
    nonFinite,
    notices,
  };
}

/** So few rows at a time that their places in the time-major result stay in the processor's cache. */
const ROWS = 4096;

function inRowBlocks(channels: readonly Float64Array[], sink: Sink): void {
  const rows = channels[0]!.length;
  for (let row = 0; row < rows; row += ROWS)
    for (const [channel, samples] of channels.entries())
      sink(channel, row, samples.subarray(row, row + ROWS));
}
