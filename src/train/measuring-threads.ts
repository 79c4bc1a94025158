import { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
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

export type ThreadAnswer = { readonly result: unknown } | { readonly failure: string; readonly code: string };

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
  readonly #threads: readonly (readonly [part: string, thread: PartThread])[];
  readonly #room = new SharedRoom(MOST_WAITING_BYTES);
  /** For each recording that some thread has not measured yet, until all have. */
  readonly #waiting: Promise<unknown>[] = [];
  #failure: unknown = null;

  constructor(kind: Kind, settings: Measured[Kind]['settings']) {
    this.#threads = Object.keys(MEASUREMENTS[kind]).map((part) => [
      part,
      new PartThread({ kind, part, settings }),
    ]);
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
    const results = this.#threads.map(async ([part, thread]) => [part, await thread.ask(null)] as const);
    return Object.fromEntries(await Promise.all(results)) as unknown as Measured[Kind]['results'];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(([, thread]) => thread.end()));
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

/** A thread that answers in the order in which it is asked. */
class PartThread {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<unknown>[] = [];
  #failure: Error | null = null;

  constructor(task: ThreadTask) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./measuring-thread.${extension}`, import.meta.url), {
      workerData: task,
      execArgv: [],
      env: {},
    });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      if ('result' in answer) this.#asked.shift()?.resolve(answer.result);
      else this.#fail(new BgbError(answer.code, answer.failure));
    });
    const lost = (how: string) =>
      this.#fail(new BgbError('EVALUATE_THREAD', `The thread that measures ${task.part} ${how}.`));
    this.#worker.on('error', (error) => lost(`failed: ${messageOf(error)}`));
    this.#worker.on('exit', (code) => lost(`ended with code ${code}`));
  }

  /** The answer; what an earlier recording made fail fails all later ones. */
  ask(request: ThreadRequest): Promise<unknown> {
    const asked = Promise.withResolvers<unknown>();
    if (this.#failure !== null) asked.reject(this.#failure);
    else {
      this.#asked.push(asked);
      this.#worker.postMessage(request);
    }
    return asked.promise;
  }

  /** Whoever still waits is told so. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }
}
