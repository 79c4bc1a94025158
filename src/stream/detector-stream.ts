import type { Config } from '../config/index.ts';
import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { type DetectedEvent, EventStream, StitchingStream } from '../post/index.ts';
import { CausalStream, type StreamedRows } from '../signal/index.ts';
import { isOtherReference, NotFiniteError, type Predictor, predictWindows } from '../train/index.ts';
import { SlidingWindow } from './sliding-window.ts';

/** What a stream is made of; `openPredictor` has most of it. */
export interface DetectorStreamOptions {
  readonly config: Config;
  readonly predictor: Predictor;
  /** What the model was trained on; null where it does not say. */
  readonly references: readonly string[] | null;
  readonly isReferenceForced: boolean;
  /** As a header describes them. */
  readonly signals: readonly Signal[];
  /** To name in messages. */
  readonly path: string;
  /** Whether to say after each window what its end looks like so far. */
  readonly isEarly: boolean;
}

/** What the windows so far say; a later window may change it. */
export interface ProvisionalState {
  /** Time of the end of the last window. */
  readonly atS: number;
  /** Largest probability of the last stride. */
  readonly probability: number;
  /** Events that are not certain yet, those that are still going on included. */
  readonly events: readonly DetectedEvent[];
}

/** What has become known. */
export interface StreamStep {
  /** Final, of the rows that follow those of the step before. */
  readonly probabilities: Float64Array;
  readonly events: readonly DetectedEvent[];
  readonly provisional: readonly ProvisionalState[];
}

/**
 * A trained detector on a recording that is still being made: samples in, events out as soon as they are certain. Its
 * probabilities and events are those that `bgb predict` finds in the finished recording: the model sees both ways inside
 * its window, so a row's probability is final once no window can cover it any more, one window's length later; where the
 * recording ends, one more window ends with it.
 *
 * The state is bounded: rows of a window, probabilities of about as many, and what post-processing holds back.
 */
export class DetectorStream {
  readonly preprocessing: CausalStream;
  readonly #options: DetectorStreamOptions;
  readonly #length: number;
  readonly #stride: number;
  readonly #window: SlidingWindow;
  readonly #stitching: StitchingStream;
  readonly #events: EventStream;
  /** Row at which the next window begins. */
  #next = 0;
  #windows = 0;
  #hasSamples = false;
  /** Events before anything varied. */
  #heldBack: DetectedEvent[] = [];

  /**
   * @throws InputError `STREAM_FUTURE`, `STREAM_STRIDE`, `EVALUATE_REFERENCE`, `MONTAGE_*`, `SIGNAL_*` where the model
   * cannot run on such a stream
   */
  constructor(options: DetectorStreamOptions) {
    const { config, signals, path, references, isReferenceForced } = options;
    const { postprocessing, data, preprocessing } = config;
    const { window_size, stride } = postprocessing.stitching;
    this.#options = options;
    this.preprocessing = new CausalStream(signals, path, {
      ...preprocessing,
      sampling_rate: data.sampling_rate,
    });
    const { reference, channels } = this.preprocessing;
    if (isOtherReference(reference, references) && !isReferenceForced)
      throw new InputError(
        'EVALUATE_REFERENCE',
        `${path}: it is recorded against ${reference}, the model was trained on ${references!.join(', ')}: its channels are other signals than those the model knows. Train with preprocessing.reference: average, or stream all the same with --force.`,
      );
    if (stride > window_size)
      throw new InputError(
        'STREAM_STRIDE',
        `postprocessing.stitching has a stride of ${stride} samples and windows of ${window_size}: samples between would not be predicted. Train with a stride no longer than the window.`,
      );
    this.#length = window_size;
    this.#stride = stride;
    this.#window = new SlidingWindow(window_size, channels.length, preprocessing.normalize !== 'none');
    this.#stitching = new StitchingStream(postprocessing.stitching);
    this.#events = new EventStream(data.sampling_rate, postprocessing);
  }

  /** s, at the model's rate */
  get recordedS(): number {
    return this.#window.rows / this.#options.config.data.sampling_rate;
  }

  /** Predicted so far. */
  get windows(): number {
    return this.#windows;
  }

  /** At most so much later than recorded a row's final probability is known; s. */
  get delayS(): number {
    const { data, postprocessing } = this.#options.config;
    return postprocessing.stitching.window_size / data.sampling_rate + this.preprocessing.delayS;
  }

  /** @param read samples of the signals that `preprocessing.needed` lists; overwritten */
  push(read: readonly Float64Array[]): StreamStep {
    this.#hasSamples ||= read.some(({ length }) => length > 0);
    const known = new Known();
    const rows = this.preprocessing.push(read);
    this.#take(rows, known);
    this.#settle(this.#window.rows - this.#length, known);
    return known.step();
  }

  /**
   * The rest. Nothing may be pushed afterwards.
   *
   * @throws InputError `STREAM_EMPTY` without any sample; `SIGNAL_FLAT`, `MONTAGE_INTERPOLATED` where there was no EEG
   */
  end(): StreamStep {
    if (!this.#hasSamples)
      throw new InputError(
        'STREAM_EMPTY',
        `${this.#options.path}: expected samples, found none. Nothing was predicted; check what writes them.`,
      );
    const known = new Known();
    this.#take(this.preprocessing.end(), known);
    const { rows } = this.#window;
    // One more window ends with the recording, unless the last one does.
    if (rows < this.#length) this.#predict(0, rows);
    else if ((rows - this.#length) % this.#stride !== 0) this.#predict(rows - this.#length, this.#length);
    this.#settle(rows, known);
    known.events.push(...this.#events.end());
    return known.step();
  }

  #take(rows: StreamedRows, known: Known): void {
    const channels = this.preprocessing.channels.length;
    const count = rows.length / channels;
    for (let at = 0; at < count; ) {
      const end = Math.min(count, at + this.#next + this.#length - this.#window.rows);
      this.#window.push(rows.subarray(at * channels, end * channels));
      at = end;
      if (this.#window.rows < this.#next + this.#length) continue;
      this.#predict(this.#next, this.#length);
      // Were the recording to end here, no other window would end with it: one row more than otherwise is final.
      this.#settle(this.#next + 1, known);
      this.#next += this.#stride;
      if (this.#options.isEarly && !this.preprocessing.isFlat) known.provisional.push(this.#provisional());
    }
  }

  /** @param rows of the window that were recorded */
  #predict(firstRow: number, rows: number): void {
    const { predictor, path } = this.#options;
    const { scale, channels } = this.preprocessing;
    const shape = [1, this.#length, channels.length];
    const probabilities = predictWindows(predictor, this.#window.window(), shape, scale).subarray(0, rows);
    if (probabilities.some(Number.isNaN))
      throw new NotFiniteError(
        `The model predicts NaN for ${path}, in window ${this.#windows}: its weights are not finite, or too large. Lower training.learning_rate.`,
      );
    this.#windows++;
    this.#stitching.add(firstRow, probabilities);
  }

  /** Rows before `row` are final. */
  #settle(row: number, known: Known): void {
    const probabilities = this.#stitching.take(row);
    if (probabilities.length === 0) return;
    known.probabilities.push(probabilities);
    this.#heldBack.push(...this.#events.push(probabilities));
    // Offline a recording without any EEG in it is refused; until something varies this may be one.
    if (this.preprocessing.isFlat && this.#heldBack.length <= MOST_HELD_BACK) return;
    known.events.push(...this.#heldBack);
    this.#heldBack = [];
  }

  #provisional(): ProvisionalState {
    const { sampling_rate } = this.#options.config.data;
    const probabilities = this.#stitching.provisional();
    const trial = this.#events.clone();
    const events = [...trial.push(probabilities), ...trial.end()];
    const recent = probabilities.subarray(-Math.min(this.#stride, probabilities.length));
    return {
      atS: this.#window.rows / sampling_rate,
      probability: recent.reduce((most, value) => Math.max(most, value), 0),
      events,
    };
  }
}

/** A signal that does not vary for so many events will not be EEG; what is bounded must be. */
const MOST_HELD_BACK = 1000;

/** What one call has brought. */
class Known {
  readonly probabilities: Float64Array[] = [];
  readonly events: DetectedEvent[] = [];
  readonly provisional: ProvisionalState[] = [];

  step(): StreamStep {
    const { events, provisional } = this;
    const count = this.probabilities.reduce((sum, { length }) => sum + length, 0);
    const probabilities = new Float64Array(count);
    let at = 0;
    for (const part of this.probabilities) {
      probabilities.set(part, at);
      at += part.length;
    }
    return { probabilities, events, provisional };
  }
}
