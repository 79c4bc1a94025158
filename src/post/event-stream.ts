import { BgbError } from '../errors.ts';
import { PendingSamples } from './pending-samples.ts';
import type { DetectedEvent, PostprocessingSettings } from './postprocess.ts';
import { areMerged, isLongEnough, isLongerThan, type Run } from './runs.ts';

/**
 * `postprocess` of a curve that comes in pieces: hysteresis, opening, closing, minimum duration and merging one after
 * the other, each of which holds at most one run that what follows could still change. An event is returned once
 * nothing that follows can; all of them together are those of the whole curve, however it was cut.
 */
export class EventStream {
  readonly #sampleRate: number;
  readonly #settings: PostprocessingSettings;
  readonly #startSample: number;
  #samples: PendingSamples;
  #count = 0;
  /** Hysteresis: first sample of the run that is on, or -1. */
  #start = -1;
  #high = 0;
  #low = 0;
  #isStale = false;
  /** The last run after opening, to which closing may still join another. */
  #closing: Run | null = null;
  /** The last run that is long enough, with which another may still be merged. */
  #merging: Run | null = null;
  #certain: DetectedEvent[] = [];

  /** @param startSample time of the first sample */
  constructor(sampleRate: number, settings: PostprocessingSettings, startSample = 0) {
    this.#sampleRate = sampleRate;
    this.#settings = settings;
    this.#startSample = startSample;
    this.#samples = new PendingSamples(settings.events.confidence_method);
  }

  /** Samples held because of what is not certain. */
  get held(): number {
    return this.#samples.held;
  }

  /**
   * Takes the next probabilities; they are not copied, and must not change.
   *
   * @returns the events that are certain now, in order
   * @throws BgbError `POST_NAN`
   */
  push(probabilities: Float64Array): DetectedEvent[] {
    this.#samples.push(probabilities);
    for (const probability of probabilities) this.#advance(probability);
    const next = this.#start >= 0 ? this.#start : this.#count - this.#high;
    this.#settle(next);
    this.#release(next);
    return this.#taken();
  }

  /** The remaining events. Nothing may be pushed afterwards. */
  end(): DetectedEvent[] {
    if (this.#start >= 0) this.#open({ start: this.#start, end: this.#count });
    if (this.#closing !== null) this.#keep(this.#closing);
    if (this.#merging !== null) this.#emit(this.#merging);
    return this.#taken();
  }

  /** Another one in the same state, to try what would follow. */
  clone(): EventStream {
    const copy = new EventStream(this.#sampleRate, this.#settings, this.#startSample);
    copy.#samples = this.#samples.clone();
    copy.#count = this.#count;
    copy.#start = this.#start;
    copy.#high = this.#high;
    copy.#low = this.#low;
    copy.#isStale = this.#isStale;
    copy.#closing = this.#closing;
    copy.#merging = this.#merging;
    return copy;
  }

  /** One sample of `hysteresis`. */
  #advance(probability: number): void {
    const { tau_on, tau_off, min_onset_samples, min_offset_samples } = this.#settings.hysteresis;
    const index = this.#count++;
    if (Number.isNaN(probability))
      throw new BgbError('POST_NAN', `Expected probabilities, found NaN at sample ${index} of the curve.`);
    if (this.#start < 0) {
      if (probability < tau_on) {
        this.#high = 0;
        this.#isStale = false;
      } else if (!this.#isStale && ++this.#high === Math.max(1, min_onset_samples)) {
        this.#start = index - this.#high + 1;
        this.#low = 0;
      }
    } else if (probability >= tau_off) {
      this.#low = 0;
    } else if (++this.#low === Math.max(1, min_offset_samples)) {
      this.#open({ start: this.#start, end: index });
      this.#start = -1;
      this.#high = 0;
      this.#isStale = probability >= tau_on;
    }
  }

  /** Opening, then closing. */
  #open(run: Run): void {
    const { opening_kernel, closing_kernel } = this.#settings.morphology;
    if (run.end - run.start < opening_kernel) return;
    const before = this.#closing;
    if (before !== null && run.start - before.end < closing_kernel) {
      this.#closing = { start: before.start, end: run.end };
      return;
    }
    if (before !== null) this.#keep(before);
    this.#closing = run;
  }

  /** What closing takes from the curve's two edges, then the minimum duration, then merging. */
  #keep(closed: Run): void {
    const run = { start: this.#erodedStart(closed), end: Math.min(closed.end, this.#erodedEnd()) };
    const { duration, events } = this.#settings;
    if (run.start >= run.end || !isLongEnough(run, duration.min_duration_s * this.#sampleRate)) return;
    const before = this.#merging;
    if (before !== null && areMerged(before, run, events.tau_merge * this.#sampleRate)) {
      this.#merging = { start: before.start, end: run.end };
      return;
    }
    if (before !== null) this.#emit(before);
    this.#merging = run;
  }

  /** Lets go of runs that no run from sample `next` on can change. */
  #settle(next: number): void {
    const { morphology, events } = this.#settings;
    // A run that far behind lies beyond the reach of the curve's end, too.
    if (this.#closing !== null && next - this.#closing.end >= morphology.closing_kernel) {
      this.#keep(this.#closing);
      this.#closing = null;
    }
    const start = this.#closing === null ? next : this.#erodedStart(this.#closing);
    const gap = events.tau_merge * this.#sampleRate;
    if (this.#merging !== null && !areMerged(this.#merging, { start, end: start }, gap)) {
      this.#emit(this.#merging);
      this.#merging = null;
    }
  }

  /** Lets go of samples that no event will ask for, and joins those of an event that will ask for all of them. */
  #release(next: number): void {
    const pending = [this.#merging, this.#closing].filter((run) => run !== null);
    this.#samples.forget(Math.min(next, ...pending.map(({ start }) => start)));
    const open = this.#start >= 0 ? [{ start: this.#start, end: this.#count }] : [];
    for (const run of [...pending, ...open])
      this.#samples.join(this.#erodedStart(run), Math.min(run.end, this.#erodedEnd()));
  }

  #erodedStart({ start }: Run): number {
    return Math.max(start, Math.floor(this.#settings.morphology.closing_kernel / 2));
  }

  /** Where a run would end if the curve ended here. */
  #erodedEnd(): number {
    return this.#count - Math.floor((this.#settings.morphology.closing_kernel - 1) / 2);
  }

  #emit(run: Run): void {
    const { duration, events } = this.#settings;
    this.#certain.push({
      startS: (this.#startSample + run.start) / this.#sampleRate,
      endS: (this.#startSample + run.end) / this.#sampleRate,
      confidence: this.#samples.confidence(run.start, run.end, events.confidence_percentile),
      isLong: isLongerThan(run, duration.max_duration_s * this.#sampleRate),
    });
  }

  #taken(): DetectedEvent[] {
    const certain = this.#certain;
    this.#certain = [];
    return certain;
  }
}
