import { AnsweringThread } from '../threads/index.ts';
import { MEASUREMENTS, type Measured, type MeasurementKind } from './measurements.ts';
import type { Measuring } from './measuring.ts';
import { SharedRoom, type SharedSamples } from './shared-room.ts';

/** What a thread is started for. */
export interface ThreadTask {
  readonly kind: MeasurementKind;
  /** Name of one part of the measurement. */
  readonly part: string;
  readonly settings: unknown;
}

/** A recording, or null: asks for the result over all before. */
export type ThreadRequest = Measured[MeasurementKind]['recording'] | null;

/**
 * Recordings that may wait for the slowest thread hold so much at most (or are one): 16 h at 256 Hz, so that the memory of a
 * corpus is that of some recordings.
 */
const MOST_WAITING_BYTES = 2 ** 27;

/**
 * A thread for each part of a measurement: recordings are measured while the next are predicted. The same results, since each
 * part still sees all recordings in their order.
 */
export class MeasuringThreads<Kind extends MeasurementKind> implements Measuring<Kind> {
  readonly #threads: readonly (readonly [part: string, thread: AnsweringThread<ThreadRequest, unknown>])[];
  readonly #room = new SharedRoom(MOST_WAITING_BYTES);
  /** For each recording that some thread has not measured yet, until all have. */
  readonly #waiting: Promise<unknown>[] = [];
  #failure: unknown = null;

  constructor(kind: Kind, settings: Measured[Kind]['settings']) {
    this.#threads = Object.keys(MEASUREMENTS[kind]).map((part) => {
      const data: ThreadTask = { kind, part, settings };
      const does = `measures ${part}`;
      const thread = new AnsweringThread<ThreadRequest, unknown>('./measuring-thread', import.meta.url, {
        ...{ data, code: 'EVALUATE_THREAD', does },
      });
      return [part, thread];
    });
  }

  async add(recording: Measured[Kind]['recording']): Promise<void> {
    const { labels, curve } = recording;
    const samples = await this.#roomFor(labels.length);
    samples.probabilities.set(curve.probabilities);
    samples.labels.set(labels);
    // Shared by the threads instead of copied for each.
    const request = {
      ...recording,
      labels: samples.labels,
      curve: { ...curve, probabilities: samples.probabilities },
    };
    const measured = Promise.all(this.#threads.map(([, thread]) => thread.ask(request)));
    this.#waiting.push(measured);
    measured.then(
      () => {
        this.#waiting.shift();
        this.#room.giveBack(samples);
      },
      (error) => {
        this.#failure ??= error;
      },
    );
  }

  async results(): Promise<Measured[Kind]['results']> {
    const asked = this.#threads.map(async ([part, thread]) => [part, await thread.ask(null)] as const);
    const results = Object.fromEntries(await Promise.all(asked));
    // A recording that one of them could not measure is missing in its result.
    if (this.#failure !== null) throw this.#failure;
    return results as unknown as Measured[Kind]['results'];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(([, thread]) => thread[Symbol.asyncDispose]()));
  }

  /** Waits until there is some. */
  async #roomFor(samples: number): Promise<SharedSamples> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const room = this.#room.take(samples);
      if (room !== null) return room;
      await this.#waiting[0];
    }
  }
}
