import type { Config } from '../config/index.ts';
import { BgbError } from '../errors.ts';
import { checkSegments, type ProbabilityCurve, type RecordedSegment } from './curve.ts';
import { type PlacedWindow, placeWindows } from './window-placement.ts';

/** Sizes in samples. `overlap_add` is the mean of all windows over a sample. */
export type StitchingSettings = Config['postprocessing']['stitching'];

/**
 * Joins the overlapping windows of one recording to one curve (failures G1, G7). Holds one number and one count
 * per recorded sample; windows may come in any order.
 */
export class Stitcher {
  /** The windows to predict; `add` takes their index here. */
  readonly windows: readonly PlacedWindow[];
  readonly #segments: readonly RecordedSegment[];
  readonly #sampleRate: number;
  readonly #settings: StitchingSettings;
  readonly #values: Float64Array;
  readonly #covered: Uint32Array;
  readonly #isAdded: Uint8Array;
  #isFinished = false;

  /** @throws BgbError `POST_SEGMENTS`; InputError `POST_WINDOW`, `POST_STRIDE` */
  constructor(segments: readonly RecordedSegment[], sampleRate: number, settings: StitchingSettings) {
    checkSegments(segments);
    this.windows = placeWindows(segments, settings.window_size, settings.stride);
    this.#segments = segments;
    this.#sampleRate = sampleRate;
    this.#settings = settings;
    const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
    this.#values = new Float64Array(rows).fill(settings.method === 'max' ? -Infinity : 0);
    this.#covered = new Uint32Array(rows);
    this.#isAdded = new Uint8Array(this.windows.length);
  }

  /**
   * Takes the probabilities of window `index`, `(window_size)`; of a padded window also just its recorded rows.
   * @throws BgbError `POST_WINDOW` for an unknown or repeated window or a wrong length, `POST_NAN` for a NaN
   */
  add(index: number, probabilities: ArrayLike<number>): void {
    const window = this.windows[index];
    if (window === undefined || this.#isFinished || this.#isAdded[index] === 1) {
      const found =
        window === undefined ? 'no such window' : this.#isFinished ? 'a finished curve' : 'it again';
      throw new BgbError(
        'POST_WINDOW',
        `Expected each of ${this.windows.length} windows once, found ${found} at window ${index}.`,
      );
    }
    if (probabilities.length !== this.#settings.window_size && probabilities.length !== window.rows) {
      throw new BgbError(
        'POST_WINDOW',
        `Expected ${this.#settings.window_size} probabilities for window ${index}, found ${probabilities.length}.`,
      );
    }
    const isMaximum = this.#settings.method === 'max';
    for (let offset = 0; offset < window.rows; offset++) {
      const probability = probabilities[offset]!;
      if (Number.isNaN(probability)) {
        throw new BgbError(
          'POST_NAN',
          `Expected probabilities, found NaN at sample ${offset} of window ${index}.`,
        );
      }
      const row = window.firstRow + offset;
      if (!isMaximum) this.#values[row]! += probability;
      else if (probability > this.#values[row]!) this.#values[row] = probability;
      this.#covered[row]!++;
    }
    this.#isAdded[index] = 1;
  }

  /** The curve over all recorded samples. Ends the stitching. @throws BgbError `POST_WINDOW` if a window is missing */
  curve(): ProbabilityCurve {
    const missing = this.#isAdded.indexOf(0);
    if (missing >= 0) {
      throw new BgbError(
        'POST_WINDOW',
        `Expected ${this.windows.length} windows, window ${missing} is missing.`,
      );
    }
    if (this.#settings.method === 'overlap_add' && !this.#isFinished) {
      for (let row = 0; row < this.#values.length; row++) this.#values[row]! /= this.#covered[row]!;
    }
    this.#isFinished = true;
    return { probabilities: this.#values, sampleRate: this.#sampleRate, segments: this.#segments };
  }
}
