import type { EdfRecording } from '../edf/index.ts';
import { type ChannelFilters, channelFilters } from './channel-filters.ts';
import { ChannelPipeline } from './channel-pipeline.ts';
import type { Montage } from './montage.ts';
import { MontageReader } from './montage-reader.ts';
import { type PolyphaseFilter, polyphaseFilter } from './polyphase.ts';
import type { PreprocessingSettings } from './preprocess.ts';
import { type Ratio, rateRatio, resampledLength } from './rate-ratio.ts';
import { FourierResampler } from './resample.ts';

export interface PreprocessedSegment {
  readonly firstRow: number;
  readonly rows: number;
  /** Time of its first row in samples at the cache's rate. */
  readonly startSample: number;
}

/** Takes some rows of one channel; they may be overwritten. */
export type Sink = (channel: number, row: number, samples: Float64Array) => void;

/** What a channel needs in every segment; channels of one rate share it. */
export interface RatePlan extends ChannelFilters {
  readonly rate: number;
  readonly ratio: Ratio;
  readonly polyphase: PolyphaseFilter;
}

/** The filtered channels of a recording in microvolts at the cache's rate, computed as often as asked. */
export class FilteredStream {
  readonly rows: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly #recording: EdfRecording;
  readonly #reader: MontageReader;
  readonly #settings: PreprocessingSettings;
  /** Of each channel. */
  readonly #plans: readonly RatePlan[];

  /** @throws InputError `SIGNAL_*`, `RESAMPLE_RATE` where the rates cannot carry what the settings ask for */
  constructor(recording: EdfRecording, montage: Montage, settings: PreprocessingSettings) {
    this.#recording = recording;
    this.#settings = settings;
    this.#reader = new MontageReader(recording, montage);
    this.#plans = plansOf(this.#reader.rates, settings, recording.path);
    let firstRow = 0;
    let endSample = 0;
    this.segments = recording.segments.map(({ records, startS }) => {
      // Channels of different rates may differ by a sample.
      const rows = Math.min(...this.#plans.map((_, channel) => this.#rowsOf(channel, records)));
      firstRow += rows;
      // A clock that drifts, or rounding, may let a segment's rows reach into the one behind a short hole.
      const startSample = Math.max(endSample, Math.round(startS * settings.sampling_rate));
      endSample = startSample + rows;
      return { firstRow: firstRow - rows, rows, startSample };
    });
    this.rows = firstRow;
  }

  notices(): string[] {
    const lowered = new Set(this.#plans.flatMap(({ notice }) => notice ?? []));
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
    const { resample, filter } = this.#settings;
    // Channels of one length share the tables of the transform.
    const transforms = new Map<number, FourierResampler>();
    return this.#plans.map(({ rate, filters, polyphase }, channel) => {
      const settings = { rate, filters, isZeroPhase: filter === 'zero_phase' };
      if (resample === 'polyphase') return new ChannelPipeline({ ...settings, resampling: polyphase });
      const samples = this.#reader.samplesPerRecord[channel]! * records;
      const resampling =
        transforms.get(samples) ?? new FourierResampler(samples, this.#rowsOf(channel, records));
      transforms.set(samples, resampling);
      return new ChannelPipeline({ ...settings, resampling });
    });
  }

  #rowsOf(channel: number, records: number): number {
    const { resample, length } = this.#settings;
    const samples = this.#reader.samplesPerRecord[channel]! * records;
    return resampledLength(samples, this.#plans[channel]!.ratio, resample === 'polyphase' ? 'ceil' : length);
  }
}

/** Of each channel. @throws InputError `SIGNAL_*`, `RESAMPLE_RATE` */
export function plansOf(rates: readonly number[], settings: PreprocessingSettings, path: string): RatePlan[] {
  const plans = new Map<number, RatePlan>();
  return rates.map((rate) => {
    const plan = plans.get(rate) ?? planOf(rate, settings, path);
    plans.set(rate, plan);
    return plan;
  });
}

function planOf(rate: number, settings: PreprocessingSettings, path: string): RatePlan {
  const ratio = rateRatio(rate, settings.sampling_rate);
  return {
    rate,
    ratio,
    polyphase: polyphaseFilter(ratio.up, ratio.down),
    ...channelFilters(settings, rate, path),
  };
}
