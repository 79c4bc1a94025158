import type { Config } from '../config/index.ts';
import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import type { DetectedEvent } from '../post/index.ts';
import { CausalStream, type StreamedRows } from '../signal/index.ts';
import { isOtherReference, NotFiniteError, type Predictor, predictWindows } from '../train/index.ts';
import { Known, type ProvisionalState, SegmentStream } from './segment-stream.ts';

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
  #segment: SegmentStream;
  #windows = 0;
  #samples = 0;
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
    const { reference } = this.preprocessing;
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
    this.#segment = this.#segmentFrom(0);
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

  /** Predicts a window of nothing: the first one of a process takes several times as long, and is not to be waited for. */
  warmUp(): void {
    const { channels } = this.preprocessing;
    const size = this.#options.config.postprocessing.stitching.window_size * channels.length;
    this.#predict(new Int16Array(size));
    this.#windows = 0;
  }

  /** @param read samples of the signals that `preprocessing.needed` lists; overwritten */
  push(read: readonly Float64Array[]): StreamStep {
    this.#samples += read[0]?.length ?? 0;
    const known = new Known();
    this.#segment.push(this.preprocessing.push(read), known);
    return this.#step(known);
  }

  /**
   * There is a hole before what is pushed next: filters start anew, and no event spans it.
   *
   * @param startS when that was recorded, from the first sample
   */
  beginSegment(startS: number): StreamStep {
    const known = new Known();
    this.#segment.push(this.preprocessing.endSegment(), known);
    this.#segment.end(known);
    const { sampling_rate } = this.#options.config.data;
    // As offline: a clock that drifts, or rounding, may let a segment's rows reach into the one behind a short hole.
    this.#segment = this.#segmentFrom(Math.max(this.#segment.endSample, Math.round(startS * sampling_rate)));
    return this.#step(known);
  }

  /**
   * The rest. Nothing may be pushed afterwards.
   *
   * @throws InputError `STREAM_EMPTY` without any sample; `SIGNAL_FLAT`, `MONTAGE_INTERPOLATED` where there was no EEG
   */
  end(): StreamStep {
    if (this.#samples === 0)
      throw new InputError(
        'STREAM_EMPTY',
        `${this.#options.path}: expected samples, found none. Nothing was predicted; check what writes them.`,
      );
    const known = new Known();
    this.#segment.push(this.preprocessing.end(), known);
    this.#segment.end(known);
    return this.#step(known);
  }

  #segmentFrom(startSample: number): SegmentStream {
    const { config, isEarly } = this.#options;
    const predict = (window: StreamedRows) => this.#predict(window);
    return new SegmentStream({
      config,
      channels: this.preprocessing.channels.length,
      predict,
      isEarly,
      startSample,
    });
  }

  #predict(window: StreamedRows): Float32Array {
    const { predictor, path } = this.#options;
    const { scale, channels } = this.preprocessing;
    const shape = [1, window.length / channels.length, channels.length];
    const probabilities = predictWindows(predictor, window, shape, scale);
    if (probabilities.some(Number.isNaN))
      throw new NotFiniteError(
        `The model predicts NaN for ${path}, in window ${this.#windows}: its weights are not finite, or too large. Lower training.learning_rate.`,
      );
    this.#windows++;
    return probabilities;
  }

  /** Offline a recording without any EEG in it is refused; until something varies this may be one. */
  #step({ probabilities, events, provisional }: Known): StreamStep {
    this.#heldBack.push(...events);
    const isWithheld = this.preprocessing.isFlat && this.#heldBack.length <= MOST_HELD_BACK;
    const step = {
      probabilities: joined(probabilities),
      events: isWithheld ? [] : this.#heldBack,
      provisional: isWithheld ? [] : provisional,
    };
    if (!isWithheld) this.#heldBack = [];
    return step;
  }
}

/** A signal that does not vary for so many events will not be EEG; what is bounded must be. */
const MOST_HELD_BACK = 1000;

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
