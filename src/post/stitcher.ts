import type { Config } from '../config/index.ts';
import { BgbError } from '../errors.ts';
import { aten, type Device, HostCopy, noGrad, outsideScopes, scope, type Tensor } from '../torch/index.ts';
import { checkSegments, type ProbabilityCurve, type RecordedSegment } from './curve.ts';
import { type PlacedWindow, placeWindows } from './window-placement.ts';

/** Sizes in samples. `overlap_add` is the mean of all windows over a sample. */
export type StitchingSettings = Config['postprocessing']['stitching'];

/** A curve on its way from the device, to be disposed of where it is not waited for. */
export interface PendingCurve extends Disposable {
  /** Waits for it, once. NaN where a window is. */
  arrive(): ProbabilityCurve;
}

/**
 * Joins the overlapping windows of one recording to one curve (failures G1, G7), on the device that predicts them: what
 * crosses to the host is one number a recorded sample. Each is a sum in float64, in the order in which windows come.
 */
export class Stitcher implements Disposable {
  /** The windows to predict; `add` takes their index here. */
  readonly windows: readonly PlacedWindow[];
  readonly #segments: readonly RecordedSegment[];
  readonly #sampleRate: number;
  readonly #settings: StitchingSettings;
  /** (N) float64: sums, or largest so far. */
  readonly #values: Tensor;
  readonly #isAdded: Uint8Array;

  /** @throws BgbError `POST_SEGMENTS`; InputError `POST_WINDOW`, `POST_STRIDE` */
  constructor(
    segments: readonly RecordedSegment[],
    sampleRate: number,
    settings: StitchingSettings,
    device: Device = 'cpu',
  ) {
    checkSegments(segments);
    this.windows = placeWindows(segments, settings.window_size, settings.stride);
    this.#segments = segments;
    this.#sampleRate = sampleRate;
    this.#settings = settings;
    const size = [segments.reduce((sum, segment) => sum + segment.rows, 0)];
    const fill_value = settings.method === 'max' ? -Infinity : 0;
    this.#values = outsideScopes(() => aten.full({ size, fill_value, dtype: 'float64', device }));
    this.#isAdded = new Uint8Array(this.windows.length);
  }

  /**
   * Takes the probabilities of window `index`, `(window_size)`; of a padded window also just its recorded rows.
   * @throws BgbError `POST_WINDOW` for an unknown or repeated window or a wrong length
   */
  add(index: number, probabilities: Tensor): void {
    const window = this.windows[index];
    if (window === undefined || this.#isAdded[index] === 1) {
      const found = window === undefined ? 'no such window' : 'it again';
      throw new BgbError(
        'POST_WINDOW',
        `Expected each of ${this.windows.length} windows once, found ${found} at window ${index}.`,
      );
    }
    const length = probabilities.shape[0]!;
    if (length !== this.#settings.window_size && length !== window.rows) {
      throw new BgbError(
        'POST_WINDOW',
        `Expected ${this.#settings.window_size} probabilities for window ${index}, found ${length}.`,
      );
    }
    const { firstRow, rows } = window;
    noGrad(() =>
      scope(() => {
        const seen = this.#values.slice(0, firstRow, firstRow + rows);
        const recorded = rows === length ? probabilities : probabilities.slice(0, 0, rows);
        if (this.#settings.method === 'overlap_add') seen.add_(recorded);
        else seen.copy_(aten.maximum({ self: seen, other: recorded.to({ dtype: 'float64' }) }));
      }),
    );
    this.#isAdded[index] = 1;
  }

  /** The curve over all recorded samples. @throws BgbError `POST_WINDOW` if a window is missing */
  curve(): PendingCurve {
    const missing = this.#isAdded.indexOf(0);
    if (missing >= 0) {
      throw new BgbError(
        'POST_WINDOW',
        `Expected ${this.windows.length} windows, window ${missing} is missing.`,
      );
    }
    const copy = new HostCopy(this.#values);
    const arrive = () => {
      using arriving = copy;
      const probabilities = this.#joined(arriving.wait().data() as Float64Array);
      return { probabilities, sampleRate: this.#sampleRate, segments: this.#segments };
    };
    return { arrive, [Symbol.dispose]: () => copy[Symbol.dispose]() };
  }

  #joined(values: Float64Array): Float64Array {
    const probabilities = new Float64Array(values);
    if (this.#settings.method === 'max') return probabilities;
    // How many windows begin at a row, less those that have ended before it.
    const changes = new Int32Array(probabilities.length + 1);
    for (const { firstRow, rows } of this.windows) {
      changes[firstRow]!++;
      changes[firstRow + rows]!--;
    }
    let covered = 0;
    for (let row = 0; row < probabilities.length; row++) {
      covered += changes[row]!;
      probabilities[row]! /= covered;
    }
    return probabilities;
  }

  /** A pending curve may still arrive after it. */
  [Symbol.dispose](): void {
    this.#values.dispose();
  }
}
