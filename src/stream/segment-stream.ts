import type { Config } from '../config/index.ts';
import { type DetectedEvent, EventStream, StitchingStream } from '../post/index.ts';
import type { StreamedRows } from '../signal/index.ts';
import { SlidingWindow } from './sliding-window.ts';

/** What the windows so far say; a later window may change it. */
export interface ProvisionalState {
  /** Time of the end of the last window. */
  readonly atS: number;
  /** Largest probability of the last stride. */
  readonly probability: number;
  /** Events that are not certain yet, those that are still going on included. */
  readonly events: readonly DetectedEvent[];
}

export interface SegmentOptions {
  readonly config: Config;
  readonly channels: number;
  /** Probabilities (T) of a window (T, C). */
  readonly predict: (window: StreamedRows) => Float32Array;
  readonly isEarly: boolean;
  /** Time of the first row, in samples. */
  readonly startSample: number;
}

/**
 * One stretch without holes, from rows to events: windows as `placeWindows` places them, stitched and post-processed as
 * they come.
 */
export class SegmentStream {
  readonly #options: SegmentOptions;
  readonly #length: number;
  readonly #stride: number;
  readonly #rate: number;
  readonly #window: SlidingWindow;
  readonly #stitching: StitchingStream;
  readonly #events: EventStream;
  /** Row at which the next window begins. */
  #next = 0;

  constructor(options: SegmentOptions) {
    const { postprocessing, preprocessing, data } = options.config;
    const { window_size, stride } = postprocessing.stitching;
    this.#options = options;
    this.#length = window_size;
    this.#stride = stride;
    this.#rate = data.sampling_rate;
    this.#window = new SlidingWindow(window_size, options.channels, preprocessing.normalize !== 'none');
    this.#stitching = new StitchingStream(postprocessing.stitching);
    this.#events = new EventStream(data.sampling_rate, postprocessing, options.startSample);
  }

  /** Time of the row after the last one, in samples. */
  get endSample(): number {
    return this.#options.startSample + this.#window.rows;
  }

  /** Rows in their order. */
  push(rows: StreamedRows, known: Known): void {
    const { channels, isEarly } = this.#options;
    const count = rows.length / channels;
    for (let at = 0; at < count; ) {
      const end = Math.min(count, at + this.#next + this.#length - this.#window.rows);
      this.#window.push(rows.subarray(at * channels, end * channels));
      at = end;
      if (this.#window.rows < this.#next + this.#length) continue;
      this.#predict(this.#next, this.#length);
      // Were the segment to end here, no other window would end with it: one row more than otherwise is final.
      this.#settle(this.#next + 1, known);
      this.#next += this.#stride;
      if (isEarly) known.provisional.push(this.#provisional());
    }
    this.#settle(this.#window.rows - this.#length, known);
  }

  /** Nothing may be pushed afterwards. */
  end(known: Known): void {
    const { rows } = this.#window;
    if (rows === 0) return;
    // One more window ends with the segment, unless the last one does.
    if (rows < this.#length) this.#predict(0, rows);
    else if ((rows - this.#length) % this.#stride !== 0) this.#predict(rows - this.#length, this.#length);
    this.#settle(rows, known);
    known.events.push(...this.#events.end());
  }

  /** @param rows of the window that were recorded */
  #predict(firstRow: number, rows: number): void {
    this.#stitching.add(firstRow, this.#options.predict(this.#window.window()).subarray(0, rows));
  }

  /** Rows before `row` are final. */
  #settle(row: number, known: Known): void {
    const probabilities = this.#stitching.take(row);
    if (probabilities.length === 0) return;
    known.probabilities.push(probabilities);
    known.events.push(...this.#events.push(probabilities));
  }

  #provisional(): ProvisionalState {
    const probabilities = this.#stitching.provisional();
    const trial = this.#events.clone();
    const events = [...trial.push(probabilities), ...trial.end()];
    const recent = probabilities.subarray(-Math.min(this.#stride, probabilities.length));
    return {
      atS: this.endSample / this.#rate,
      probability: recent.reduce((most, value) => Math.max(most, value), 0),
      events,
    };
  }
}

/** What has become known. */
export class Known {
  readonly probabilities: Float64Array[] = [];
  readonly events: DetectedEvent[] = [];
  readonly provisional: ProvisionalState[] = [];
}
