import type { Worker } from 'node:worker_threads';
import { BgbError, InputError } from '../errors.ts';
import { startThread } from '../threads/index.ts';
import { EntryFiles, type EntryPlace } from './entry-files.ts';
import {
  type BatchSlot,
  FAILED,
  FREE,
  failureOf,
  newSlot,
  type ReaderTask,
  setState,
} from './shared-batches.ts';
import type { WindowSet } from './windows.ts';

/** The settings have the meaning that PyTorch's DataLoader gives them. */
export interface ReaderSettings {
  /** Reader threads; 0 reads in the caller's thread when a batch is asked for. */
  readonly workers: number;
  /** Batches that each thread reads ahead. */
  readonly prefetch: number;
  /** Whether threads live on between two plans. */
  readonly isPersistent: boolean;
  /** Windows of the largest batch. */
  readonly batchSize: number;
}

/** A batch in shared memory, until it is released. */
export interface ReadBatch {
  /** (B, T, C) */
  readonly signal: Int16Array;
  /** (B, T): 0 background, 1 seizure, 2 excluded */
  readonly labels: Uint8Array;
  /** Gives the memory back to the readers. */
  readonly release: () => void;
}

/** Memory of the largest batch. */
type Room = Pick<ReadBatch, 'signal' | 'labels'>;

/** After so long without a batch the readers are taken for dead. */
const PATIENCE_MS = 600_000;

/**
 * Reads batches from disk in the order of a plan, ahead of their use: thread i of n reads batches i, i + n, ...,
 * so that batches arrive in the same order for any number of threads.
 */
export class WindowReader implements Disposable {
  readonly #set: WindowSet;
  readonly #places: readonly EntryPlace[];
  readonly #settings: ReaderSettings;
  readonly #shared: Omit<ReaderTask, 'reader' | 'slots'>;
  #files: EntryFiles | null = null;
  /** Not in use. */
  readonly #rooms: Room[] = [];
  #threads: { readonly worker: Worker; readonly slots: readonly BatchSlot[] }[] = [];
  #plan: readonly Uint32Array[] = [];
  #next = 0;

  /** @throws InputError `DATA_PLACES` where entries made elsewhere are among them */
  constructor(set: WindowSet, settings: ReaderSettings) {
    if (set.places === null)
      throw new InputError(
        'DATA_PLACES',
        `${set.folder} holds entries made elsewhere, from which a window cannot be read alone. Convert them once with bgb convert-cache.`,
      );
    this.#set = set;
    this.#places = set.places;
    this.#settings = settings;
    const { windows } = set;
    this.#shared = {
      readers: settings.workers,
      batchSize: settings.batchSize,
      windowLength: set.shape.length,
      channels: set.channels,
      places: set.places,
      recordings: new Uint32Array(new SharedArrayBuffer(4 * windows.length)),
      starts: new Float64Array(new SharedArrayBuffer(8 * windows.length)),
    };
    windows.forEach(({ recording, start }, index) => {
      this.#shared.recordings[index] = recording;
      this.#shared.starts[index] = start;
    });
  }

  /** Begins to read these batches, lists of window indices; what was planned before and not taken is dropped. */
  plan(batches: readonly ArrayLike<number>[]): void {
    const isDone = this.#next === this.#plan.length;
    if (!isDone || !this.#settings.isPersistent) this.#stop();
    this.#plan = batches.map((batch) => Uint32Array.from(batch));
    this.#next = 0;
    if (this.#settings.workers === 0) return;
    while (this.#threads.length < this.#settings.workers) this.#start(this.#threads.length);
    for (const { worker } of this.#threads) worker.postMessage(this.#plan);
  }

  /**
   * The next batch of the plan; waits for it where it has not been read yet.
   *
   * @throws InputError `CACHE_READ` naming an entry that cannot be read
   */
  next(): ReadBatch {
    const windows = this.#plan[this.#next];
    if (windows === undefined) throw new BgbError('DATA_PLAN', 'Every batch of the plan has been taken.');
    const turn = this.#next++;
    if (this.#settings.workers === 0) return this.#readHere(windows);
    const { slots } = this.#threads[turn % this.#settings.workers]!;
    const slot = slots[Math.floor(turn / this.#settings.workers) % slots.length]!;
    if (Atomics.wait(slot.state, 0, FREE, PATIENCE_MS) === 'timed-out')
      throw new BgbError(
        'DATA_READER',
        `No batch arrived from the reader threads in ${PATIENCE_MS / 60_000} min. Is the disk of ${this.#set.folder} still there?`,
      );
    if (Atomics.load(slot.state, 0) === FAILED) throw new InputError('CACHE_READ', failureOf(slot));
    const { length } = this.#set.shape;
    const rows = windows.length * length;
    return {
      signal: slot.signal.subarray(0, rows * this.#set.channels),
      labels: slot.labels.subarray(0, rows),
      release: () => setState(slot.state, FREE),
    };
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#files?.[Symbol.dispose]();
  }

  #readHere(windows: Uint32Array): ReadBatch {
    this.#files ??= new EntryFiles(this.#places, this.#set.channels);
    const { channels } = this.#set;
    const { length } = this.#set.shape;
    const rows = windows.length * length;
    // Memory of a batch that was released: new pages for each take six times as long as reading it.
    const room = this.#rooms.pop() ?? this.#newRoom();
    const signal = room.signal.subarray(0, rows * channels);
    const labels = room.labels.subarray(0, rows);
    windows.forEach((window, at) => {
      const { recording, start } = this.#set.windows[window]!;
      this.#files!.read(
        recording,
        start,
        signal.subarray(at * length * channels, (at + 1) * length * channels),
        labels.subarray(at * length, (at + 1) * length),
      );
    });
    return { signal, labels, release: () => void this.#rooms.push(room) };
  }

  #newRoom(): Room {
    const rows = this.#settings.batchSize * this.#set.shape.length;
    return { signal: new Int16Array(rows * this.#set.channels), labels: new Uint8Array(rows) };
  }

  #start(reader: number): void {
    const rows = this.#settings.batchSize * this.#set.shape.length;
    const slots = Array.from({ length: this.#settings.prefetch }, () => newSlot(rows, this.#set.channels));
    const workerData: ReaderTask = { ...this.#shared, reader, slots };
    const worker = startThread('./reader-thread', import.meta.url, workerData);
    worker.unref();
    this.#threads.push({ worker, slots });
  }

  #stop(): void {
    for (const { worker } of this.#threads) void worker.terminate();
    this.#threads = [];
  }
}
