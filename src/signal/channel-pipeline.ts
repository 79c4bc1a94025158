import { type PolyphaseFilter, PolyphaseResampler } from './polyphase.ts';
import { FourierResampler } from './resample.ts';
import { SectionFilter } from './sosfilt.ts';
import { defaultPadlen, sosfiltfilt } from './sosfiltfilt.ts';
import type { Section } from './zeros-poles.ts';

/** What happens to one channel of one segment. */
export interface PipelineSettings {
  /** Hz, as recorded */
  readonly rate: number;
  /** Filters in their order; each is passed both ways or forwards. */
  readonly filters: readonly (readonly Section[])[];
  readonly isZeroPhase: boolean;
  /** Block by block, or the whole segment by the Fourier transform. */
  readonly resampling: PolyphaseFilter | FourierResampler;
}

/**
 * One channel of one segment, block by block: the median of the first second subtracted, resampled, filtered.
 * Forwards with the polyphase filter it holds one block; else it holds the segment and returns all at its end.
 */
export class ChannelPipeline {
  readonly #settings: PipelineSettings;
  readonly #resampler: PolyphaseResampler | null;
  readonly #fourier: FourierResampler | null;
  readonly #causal: SectionFilter | null;
  readonly #held: Float64Array[] = [];
  #offset: number | null = null;
  #nonFinite = 0;

  constructor(settings: PipelineSettings) {
    this.#settings = settings;
    const { filters, isZeroPhase, resampling } = settings;
    this.#fourier = resampling instanceof FourierResampler ? resampling : null;
    this.#resampler = resampling instanceof FourierResampler ? null : new PolyphaseResampler(resampling);
    this.#causal = isZeroPhase || filters.length === 0 ? null : new SectionFilter(filters.flat());
  }

  /** Samples that were not finite, as recorded or as filtered, and became 0. */
  get nonFinite(): number {
    return this.#nonFinite;
  }

  /**
   * Takes the next block; the first must have a second or the whole segment.
   *
   * @param samples microvolts; overwritten
   * @returns what is finished
   */
  push(samples: Float64Array): Float64Array {
    this.#offset ??= medianOf(samples.subarray(0, Math.max(1, Math.round(this.#settings.rate))));
    const offset = this.#offset;
    for (let i = 0; i < samples.length; i++) samples[i]! -= offset;
    this.#makeFinite(samples);
    const resampled = this.#resampler === null ? samples : this.#resampler.push(samples);
    return this.#makeFinite(this.#onward(resampled));
  }

  /** The rest. */
  end(): Float64Array {
    const rest = this.#onward(this.#resampler === null ? new Float64Array(0) : this.#resampler.end());
    const { filters, isZeroPhase } = this.#settings;
    if (this.#fourier === null && !isZeroPhase) return this.#makeFinite(rest);
    let whole = joined(this.#held);
    this.#held.length = 0;
    if (this.#fourier !== null) whole = this.#fourier.apply(whole);
    if (!isZeroPhase) this.#causal?.apply(whole);
    else
      for (const sections of filters)
        whole = sosfiltfilt(sections, whole, {
          padlen: Math.min(defaultPadlen(sections), whole.length - 1),
        });
    return this.#makeFinite(whole);
  }

  #onward(resampled: Float64Array): Float64Array {
    if (this.#settings.isZeroPhase || this.#fourier !== null) {
      this.#held.push(resampled);
      return new Float64Array(0);
    }
    this.#causal?.apply(resampled);
    return resampled;
  }

  #makeFinite(samples: Float64Array): Float64Array {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += samples[i]!;
    if (Number.isFinite(sum)) return samples;
    for (let i = 0; i < samples.length; i++) {
      if (Number.isFinite(samples[i])) continue;
      samples[i] = 0;
      this.#nonFinite++;
    }
    return samples;
  }
}

/** Of the finite values; 0 where there is none. */
function medianOf(samples: Float64Array): number {
  const sorted = samples.filter(Number.isFinite).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function joined(pieces: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
