import type { EntryPlace } from './entry-files.ts';

/** What a reader thread is given. Arrays are shared, so that starting one copies nothing. */
export interface ReaderTask {
  readonly reader: number;
  readonly readers: number;
  readonly batchSize: number;
  readonly windowLength: number;
  readonly channels: number;
  readonly places: readonly EntryPlace[];
  /** Index in `places` of each window's recording. */
  readonly recordings: Uint32Array<SharedArrayBuffer>;
  /** First row of each window in its recording. */
  readonly starts: Float64Array<SharedArrayBuffer>;
  readonly slots: readonly BatchSlot[];
}

/** Room for one batch in shared memory. */
export interface BatchSlot {
  /** One element: FREE, READY or FAILED. */
  readonly state: Int32Array<SharedArrayBuffer>;
  /** (B, T, C) */
  readonly signal: Int16Array<SharedArrayBuffer>;
  /** (B, T) */
  readonly labels: Uint8Array<SharedArrayBuffer>;
  /** Length, code and message of an error, as UTF-16 units. */
  readonly failure: Uint16Array<SharedArrayBuffer>;
}

export const FREE = 0;
export const READY = 1;
export const FAILED = 2;

const FAILURE_UNITS = 2000;

/** @param rows windows a batch holds at most, times rows of a window */
export function newSlot(rows: number, channels: number): BatchSlot {
  return {
    state: new Int32Array(new SharedArrayBuffer(4)),
    signal: new Int16Array(new SharedArrayBuffer(2 * rows * channels)),
    labels: new Uint8Array(new SharedArrayBuffer(rows)),
    failure: new Uint16Array(new SharedArrayBuffer(2 * FAILURE_UNITS)),
  };
}

/** Puts an error into a slot and wakes whoever waits for it. */
export function fail({ state, failure }: BatchSlot, text: string): void {
  const cut = text.slice(0, FAILURE_UNITS - 1);
  failure[0] = cut.length;
  for (let i = 0; i < cut.length; i++) failure[i + 1] = cut.charCodeAt(i);
  setState(state, FAILED);
}

export function failureOf({ failure }: BatchSlot): string {
  return String.fromCharCode(...failure.subarray(1, 1 + failure[0]!));
}

export function setState(state: Int32Array<SharedArrayBuffer>, value: number): void {
  Atomics.store(state, 0, value);
  Atomics.notify(state, 0);
}
