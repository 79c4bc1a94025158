import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { ChannelPipeline } from './channel-pipeline.ts';
import { plansOf, type RatePlan } from './filtered-stream.ts';
import { futureUses } from './future.ts';
import { MicrovoltSignal } from './microvolt-signal.ts';
import { deriveMontage, type Montage } from './montage.ts';
import { MontageMixer } from './montage-mixer.ts';
import { RunningNormaliser } from './normalise.ts';
import type { PreprocessingSettings } from './preprocess.ts';
import { QuantisedSignal } from './quantised-signal.ts';
import { refuseFlat } from './refuse-flat.ts';
import { RunningMoments } from './statistics.ts';

/** (rows, C): int16 steps of the stream's scale, or microvolts. */
export type StreamedRows = Int16Array | Float32Array;

/**
 * `preprocess` of a recording that is still being made: pieces of any size in, rows out, the same
 * bits as of the whole. Holds the first second, whose median is subtracted, then as many samples as the resampler's
 * filter is long.
 */
export class CausalStream {
  readonly channels: readonly string[];
  readonly reference: string;
  /** What a value of the rows is multiplied by. */
  readonly scale: number;
  /** How much later than recorded a row is complete at most, after the first second; s. */
  readonly delayS: number;
  readonly #path: string;
  readonly #montage: Montage;
  readonly #mixer: MontageMixer;
  readonly #settings: PreprocessingSettings;
  readonly #plans: readonly RatePlan[];
  #channels: readonly StreamedChannel[];
  /** In segments before this one. */
  #nonFiniteBefore = 0;
  readonly #moments: readonly RunningMoments[];
  readonly #running: readonly RunningNormaliser[];
  readonly #notices: readonly string[];

  /**
   * @param signals as a header describes them
   * @param path to name in messages
   * @throws InputError `STREAM_FUTURE` for settings that use what is recorded later; `MONTAGE_*`, `SIGNAL_*`,
   * `RESAMPLE_RATE`
   */
  constructor(signals: readonly Signal[], path: string, settings: PreprocessingSettings) {
    requireCausal(settings);
    const { sampling_rate, running_time_constant_s, clip, normalize } = settings;
    this.#path = path;
    this.#settings = settings;
    this.#montage = deriveMontage(settings, signals, path);
    this.#mixer = new MontageMixer(signals, this.#montage, path);
    const { derivations, reference, notices } = this.#montage;
    const plans = plansOf(this.#mixer.rates, settings, path);
    this.#plans = plans;
    this.#channels = plans.map((plan) => new StreamedChannel(plan));
    this.#moments = derivations.map(() => new RunningMoments());
    this.#running = derivations.map(() => new RunningNormaliser(running_time_constant_s * sampling_rate));
    this.#notices = [...notices, ...new Set(plans.flatMap(({ notice }) => notice ?? []))];
    this.channels = derivations.map(({ channel }) => channel);
    this.reference = reference;
    this.scale = normalize === 'none' ? 1 : clip / 32767;
    this.delayS = plans.reduce(
      (most, { rate, polyphase }) => Math.max(most, (polyphase.reach + 1) / rate),
      0,
    );
  }

  /** Places of the signals whose samples {@link push} takes. */
  get needed(): readonly number[] {
    return this.#mixer.needed;
  }

  /** Whether no channel has varied so far: there is no EEG yet. */
  get isFlat(): boolean {
    return this.#moments.every(({ count, isFlat }) => count === 0 || isFlat);
  }

  /** Samples that were not finite and became 0. */
  get nonFinite(): number {
    return this.#channels.reduce((sum, { nonFinite }) => sum + nonFinite, this.#nonFiniteBefore);
  }

  /** What was assumed or odd, a sentence each; complete at the end. */
  notices(): string[] {
    const { nonFinite } = this;
    const flat = this.#moments.flatMap(({ count, isFlat }, index) =>
      count > 0 && isFlat && this.#settings.normalize !== 'none'
        ? [`channel ${this.channels[index]} does not vary; it is zero`]
        : [],
    );
    return [
      ...this.#notices,
      ...this.#mixer.notices(),
      ...(nonFinite > 0 ? [`${nonFinite} samples were not finite and are 0`] : []),
      ...flat,
    ];
  }

  /**
   * Takes the next samples.
   *
   * @param read of each needed signal, in the unit of its header, for the same time; overwritten
   * @returns the rows that are complete now
   */
  push(read: readonly Float64Array[]): StreamedRows {
    for (const [channel, samples] of this.#mixer.mix(read).entries()) this.#channels[channel]!.push(samples);
    return this.#rows();
  }

  /** The rows that are left before a hole; filters start anew behind it, the running normalisation goes on. */
  endSegment(): StreamedRows {
    for (const channel of this.#channels) channel.end();
    const rows = this.#rows();
    this.#nonFiniteBefore = this.nonFinite;
    this.#channels = this.#plans.map((plan) => new StreamedChannel(plan));
    return rows;
  }

  /**
   * The rows that are left. Nothing may be pushed afterwards.
   *
   * @throws InputError `SIGNAL_FLAT`, `MONTAGE_INTERPOLATED` where there was no EEG in what was recorded
   */
  end(): StreamedRows {
    const rows = this.endSegment();
    refuseFlat(this.#montage, this.#moments, this.#path);
    return rows;
  }

  #rows(): StreamedRows {
    const { normalize, clip } = this.#settings;
    // Channels of different rates are not complete up to the same row.
    const count = Math.min(...this.#channels.map(({ ready }) => ready));
    const output =
      normalize === 'none'
        ? new MicrovoltSignal(count, this.#channels.length)
        : new QuantisedSignal(count, this.#channels.length);
    if (count === 0) return output.signal;
    for (const [channel, streamed] of this.#channels.entries()) {
      const samples = streamed.take(count);
      this.#moments[channel]!.add(samples);
      if (normalize !== 'none') this.#running[channel]!.apply(samples);
      output.write(channel, 0, samples, this.scale, clip);
    }
    return output.signal;
  }
}

/** @throws InputError `STREAM_FUTURE` */
function requireCausal(settings: PreprocessingSettings): void {
  const uses = futureUses(settings);
  if (uses.length === 0) return;
  throw new InputError(
    'STREAM_FUTURE',
    `The model was trained with preprocessing that looks at what is recorded later (${uses.join(', ')}), which a stream does not have. Train it with filter: causal, normalize: running or none, and resample: polyphase; or use bgb predict on finished recordings.`,
  );
}

/** One channel's filtered samples until they are taken. */
class StreamedChannel {
  readonly #pipeline: ChannelPipeline;
  /** The first second, until it is whole. */
  #first: Float64Array | null = new Float64Array(0);
  readonly #second: number;
  #made: Float64Array = new Float64Array(0);

  constructor(plan: RatePlan) {
    this.#pipeline = new ChannelPipeline({ ...plan, isZeroPhase: false, resampling: plan.polyphase });
    this.#second = Math.max(1, Math.round(plan.rate));
  }

  get ready(): number {
    return this.#made.length;
  }

  get nonFinite(): number {
    return this.#pipeline.nonFinite;
  }

  push(samples: Float64Array): void {
    if (this.#first === null) {
      this.#keep(this.#pipeline.push(samples));
      return;
    }
    this.#first = joined(this.#first, samples);
    if (this.#first.length >= this.#second) this.#begin(this.#first);
  }

  end(): void {
    if (this.#first !== null && this.#first.length > 0) this.#begin(this.#first);
    this.#keep(this.#pipeline.end());
  }

  take(count: number): Float64Array {
    const taken = this.#made.subarray(0, count);
    this.#made = this.#made.subarray(count);
    return taken;
  }

  #begin(first: Float64Array): void {
    this.#first = null;
    this.#keep(this.#pipeline.push(first));
  }

  #keep(samples: Float64Array): void {
    this.#made = this.#made.length === 0 ? samples : joined(this.#made, samples);
  }
}

function joined(before: Float64Array, after: Float64Array): Float64Array {
  const whole = new Float64Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}
