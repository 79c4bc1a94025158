/**
 * A sign of life that does not depend on the main thread, which is blocked inside libtorch for most of a
 * step: a worker thread rewrites `heartbeat.json` every few seconds with the step and epoch that the main
 * thread leaves in shared memory.
 */
import type { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { startThread } from '../threads/index.ts';

/** Content of `heartbeat.json`. */
export interface Beat {
  readonly pid: number;
  readonly step: number;
  readonly epoch: number;
  readonly activity: Activity;
  /** Wall time of the beat, ISO 8601 in UTC. */
  readonly at: string;
  /** The system's monotonic clock, which no clock change moves; comparable within one boot. */
  readonly monotonic_s: number;
  /** Time to the next beat; silence of several intervals means that the process is gone or frozen. */
  readonly interval_s: number;
  /** Whether this is the last beat of a process that ended the heartbeat itself. */
  readonly stopped: boolean;
}

/** What the main thread is at; the place in this list is what it leaves in shared memory. */
export const ACTIVITIES = ['training', 'evaluating', 'saving'] as const;

export type Activity = (typeof ACTIVITIES)[number];

/**
 * What the worker is given. The shared integers are the step, the epoch, the wish to stop (1), the activity, and a count
 * that rises with every sign of progress.
 */
export interface HeartbeatTask {
  readonly path: string;
  readonly intervalS: number;
  readonly quietS: number | null;
  readonly shared: Int32Array<SharedArrayBuffer>;
}

/** Places in {@link HeartbeatTask.shared}. */
export const SHARED = { step: 0, epoch: 1, stop: 2, activity: 3, progress: 4, length: 5 } as const;

/** What the worker says: null for a beat written, else why it could not be. */
export type BeatResult = string | null;

/** A beating heart. It never keeps the process alive. */
export class Heartbeat implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #shared: Int32Array<SharedArrayBuffer>;
  readonly #ended: Promise<void>;

  private constructor(worker: Worker, shared: Int32Array<SharedArrayBuffer>) {
    this.#worker = worker;
    this.#shared = shared;
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  /**
   * Starts the worker and waits for its first beat.
   *
   * @param options.path the file to write, such as `RUN/heartbeat.json`.
   * @param options.quietS after so many seconds without progress the worker says on standard error what takes so long, since
   * the main thread cannot; never unless given.
   * @param options.onFailure told when a later beat cannot be written, or the worker dies; training goes on.
   * @throws BgbError `HEARTBEAT_START` if the first beat cannot be written.
   */
  static async start(options: {
    path: string;
    intervalS: number;
    quietS?: number;
    onFailure: (message: string) => void;
  }): Promise<Heartbeat> {
    const shared = new Int32Array(new SharedArrayBuffer(SHARED.length * Int32Array.BYTES_PER_ELEMENT));
    const { path, intervalS, quietS = null } = options;
    const task: HeartbeatTask = { path, intervalS, quietS, shared };
    const worker = startThread('./heartbeat-worker', import.meta.url, task);
    const heartbeat = new Heartbeat(worker, shared);
    const first = await new Promise<BeatResult>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve(messageOf(error)));
      worker.once('exit', (code) => resolve(`the worker ended with code ${code}`));
    });
    if (first !== null) {
      await worker.terminate();
      throw new BgbError('HEARTBEAT_START', `Cannot write ${options.path}: ${first}.`);
    }
    worker.on('message', (result: BeatResult) => {
      if (result !== null) options.onFailure(`Cannot write ${options.path}: ${result}.`);
    });
    worker.on('error', (error) => options.onFailure(`The heartbeat has stopped: ${messageOf(error)}.`));
    worker.unref();
    return heartbeat;
  }

  /** Leaves the state for the next beat: two stores into shared memory, cheap enough for every step. */
  update(step: number, epoch: number): void {
    Atomics.store(this.#shared, SHARED.step, step);
    Atomics.store(this.#shared, SHARED.epoch, epoch);
    this.enter('training');
  }

  /** Says what comes now, or that it goes on. */
  enter(activity: Activity): void {
    Atomics.store(this.#shared, SHARED.activity, ACTIVITIES.indexOf(activity));
    Atomics.add(this.#shared, SHARED.progress, 1);
  }

  /** Writes a last beat that says so, and ends the worker. */
  async stop(): Promise<void> {
    this.#worker.ref();
    Atomics.store(this.#shared, SHARED.stop, 1);
    Atomics.notify(this.#shared, SHARED.stop);
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
