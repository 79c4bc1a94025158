import type { Config } from '../config/index.ts';
import type { EdfRecording } from '../edf/index.ts';
import { channelFilters } from './channel-filters.ts';
import { ChannelPipeline, zeroNonFinite } from './channel-pipeline.ts';
import { deriveMontage, type Montage } from './montage.ts';
import { MontageReader } from './montage-reader.ts';
import {
  FixedNormaliser,
  type Normaliser,
  RunningNormaliser,
  recordingNormaliser,
  robustNormaliser,
} from './normalise.ts';
import { QuantisedSignal } from './quantised-signal.ts';
import { rateRatio, resampledLength } from './rate-ratio.ts';
import { refuseFlat } from './refuse-flat.ts';
import { FourierResampler } from './resample.ts';
import { RunningMoments } from './statistics.ts';

/** The settings that decide what a preprocessed recording holds; they are part of a cache entry's key. */
export type PreprocessingSettings = Omit<Config['preprocessing'], 'use_mne'> &
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
  /** Share of samples that were clipped (failures F2). */
  readonly clippedShare: number;
  /** Samples that were not finite and became 0. */
  readonly nonFinite: number;
  readonly notices: readonly string[];
}

/** Filtered samples kept between the statistics and their use; a recording with more is computed twice. */
const STAGING_BYTES = 1 << 29;

/**
 * From a recording to what the model sees; docs/preprocessing.md is its description. Each segment alone: montage,
 * the median of the first second subtracted, resampled, band-pass, notch. Then over all segments: normalised,
 * clipped, int16.
 *
 * With `filter: causal` and `resample: polyphase`, memory beyond the result is bounded, except for `robust`.
 *
 * @throws InputError `MONTAGE_*`, `SIGNAL_*`, `RESAMPLE_RATE`, `EDF_*`
 */
export async function preprocess(
  recording: EdfRecording,
  settings: PreprocessingSettings,
  { stagingBytes = STAGING_BYTES }: { readonly stagingBytes?: number } = {},
): Promise<Preprocessed> {
  const { sampling_rate: sampleRate, normalize, clip } = settings;
  const montage = deriveMontage(settings, recording.signals, recording.path);
  const stream = new FilteredStream(recording, montage, settings);
  const { rows, segments } = stream;
  const channels = montage.derivations.map(({ channel }) => channel);
  const moments = channels.map(() => new RunningMoments());
  const isStaged =
    normalize === 'robust' || (normalize !== 'running' && rows * channels.length * 8 <= stagingBytes);
  const staged = isStaged ? channels.map(() => new Float64Array(rows)) : null;
  const output = new QuantisedSignal(rows, channels.length);
  const running = channels.map(() => new RunningNormaliser(settings.running_time_constant_s * sampleRate));
  const clipScale = clip / 32767;

  const nonFinite = await stream.run((channel, row, samples) => {
    moments[channel]!.add(samples);
    if (staged !== null) staged[channel]!.set(samples, row);
    if (normalize !== 'running') return;
    running[channel]!.apply(samples);
    output.write(channel, row, samples, clipScale, clip);
  });
  refuseFlat(montage, moments, recording.path);
  const notices = [...montage.notices, ...stream.notices()];
  if (nonFinite > 0) notices.push(`${nonFinite} samples were not finite and are 0`);
  const peak = moments.reduce((most, channel) => Math.max(most, channel.peak), 0);
  const scale = normalize === 'none' ? Math.max(peak, 1e-6) / 32767 : clipScale;
  if (normalize !== 'running') {
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

/** Takes some rows of one channel; they may be overwritten. */
type Sink = (channel: number, row: number, samples: Float64Array) => void;

/** The filtered channels of a recording in microvolts at the cache's rate, computed as often as asked. */
class FilteredStream {
  readonly rows: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly #recording: EdfRecording;
  readonly #reader: MontageReader;
  readonly #settings: PreprocessingSettings;
  readonly #filters: readonly ReturnType<typeof channelFilters>[];

  constructor(recording: EdfRecording, montage: Montage, settings: PreprocessingSettings) {
    this.#recording = recording;
    this.#settings = settings;
    this.#reader = new MontageReader(recording, montage);
    this.#filters = this.#reader.rates.map((rate) => channelFilters(settings, rate, recording.path));
    let firstRow = 0;
    let endSample = 0;
    this.segments = recording.segments.map(({ records, startS }) => {
      // Channels of different rates may differ by a sample.
      const rows = Math.min(...this.#reader.rates.map((_, channel) => this.#rowsOf(channel, records)));
      firstRow += rows;
      // A clock that drifts, or rounding, may let a segment's rows reach into the one behind a short hole.
      const startSample = Math.max(endSample, Math.round(startS * settings.sampling_rate));
      endSample = startSample + rows;
      return { firstRow: firstRow - rows, rows, startSample };
    });
    this.rows = firstRow;
  }

  notices(): string[] {
    const lowered = new Set(this.#filters.flatMap(({ notice }) => notice ?? []));
    return [...this.#reader.notices(), ...lowered];
  }

  /** @returns how many samples were not finite and became 0 */
  async run(sink: Sink): Promise<number> {
    let nonFinite = 0;
    for (const [index, segment] of this.#recording.segments.entries()) {
      const { firstRow, rows } = this.segments[index]!;
      const pipelines = this.#pipelines(segment.records);
      const made = pipelines.map(() => 0);
      const pass = (channel: number, samples: Float64Array) => {
        const kept = samples.subarray(0, rows - made[channel]!);
        if (kept.length === 0) return;
        if (!Number.isFinite(sumOf(kept))) nonFinite += zeroNonFinite(kept);
        sink(channel, firstRow + made[channel]!, kept);
        made[channel]! += kept.length;
      };
      for await (const block of this.#reader.blocks(segment))
        for (const [channel, samples] of block.entries()) pass(channel, pipelines[channel]!.push(samples));
      for (const [channel, pipeline] of pipelines.entries()) {
        pass(channel, pipeline.end());
        nonFinite += pipeline.nonFinite;
      }
    }
    return nonFinite;
  }

  #pipelines(records: number): ChannelPipeline[] {
    const { resample, filter, sampling_rate } = this.#settings;
    // Channels of one rate share the tables of the transform.
    const transforms = new Map<number, FourierResampler>();
    return this.#reader.rates.map((rate, channel) => {
      const samples = this.#reader.samplesPerRecord[channel]! * records;
      let fourier: FourierResampler | null = null;
      if (resample === 'fft') {
        fourier = transforms.get(samples) ?? new FourierResampler(samples, this.#rowsOf(channel, records));
        transforms.set(samples, fourier);
      }
      return new ChannelPipeline({
        rate,
        ratio: rateRatio(rate, sampling_rate),
        filters: this.#filters[channel]!.filters,
        isZeroPhase: filter === 'zero_phase',
        fourier,
      });
    });
  }

  #rowsOf(channel: number, records: number): number {
    const { resample, length, sampling_rate } = this.#settings;
    const samples = this.#reader.samplesPerRecord[channel]! * records;
    const ratio = rateRatio(this.#reader.rates[channel]!, sampling_rate);
    return resampledLength(samples, ratio, resample === 'polyphase' ? 'ceil' : length);
  }
}

function sumOf(samples: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]!;
  return sum;
}

/** So few rows at a time that their places in the time-major result stay in the processor's cache. */
const ROWS = 4096;

function inRowBlocks(channels: readonly Float64Array[], sink: Sink): void {
  const rows = channels[0]!.length;
  for (let row = 0; row < rows; row += ROWS)
    for (const [channel, samples] of channels.entries())
      sink(channel, row, samples.subarray(row, row + ROWS));
}
