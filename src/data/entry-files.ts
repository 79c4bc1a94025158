import { closeSync, openSync, readSync } from 'node:fs';
import { InputError, messageOf } from '../errors.ts';

/** Where the arrays of a cache entry lie in its file. */
export interface EntryPlace {
  readonly path: string;
  /** Byte of the signal's first row. */
  readonly signalAt: number;
  /** Byte of the first label. */
  readonly labelsAt: number;
}

/** So many stay open: a process may have some thousand files, and there are several readers. */
const OPEN_LIMIT = 64;

/** Reads windows by positioned reads; keeps the files read last open. */
export class EntryFiles implements Disposable {
  readonly #places: readonly EntryPlace[];
  readonly #channels: number;
  /** In order of use. */
  readonly #open = new Map<number, number>();

  constructor(places: readonly EntryPlace[], channels: number) {
    this.#places = places;
    this.#channels = channels;
  }

  /**
   * Reads `labels.length` rows from `firstRow` on.
   *
   * @param recording index of the entry
   * @param signal (rows, C)
   * @param labels (rows)
   * @throws InputError `CACHE_READ` for a file that is gone, unreadable or too short
   */
  read(recording: number, firstRow: number, signal: Int16Array, labels: Uint8Array): void {
    const { path, signalAt, labelsAt } = this.#places[recording]!;
    const file = this.#file(recording, path);
    const rowBytes = 2 * this.#channels;
    const bytes = new Uint8Array(signal.buffer, signal.byteOffset, signal.byteLength);
    readFully(file, bytes, signalAt + firstRow * rowBytes, path);
    readFully(file, labels, labelsAt + firstRow, path);
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #file(recording: number, path: string): number {
    const open = this.#open.get(recording);
    this.#open.delete(recording);
    const file = open ?? openEntry(path);
    this.#open.set(recording, file);
    if (this.#open.size > OPEN_LIMIT) {
      const [oldest, oldFile] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      closeSync(oldFile);
    }
    return file;
  }
}

function openEntry(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new InputError('CACHE_READ', `Cannot read the cache entry ${path}: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

function readFully(file: number, target: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < target.byteLength; ) {
    const read = readSync(file, target, done, target.byteLength - done, position + done);
    if (read === 0)
      throw new InputError(
        'CACHE_READ',
        `The cache entry ${path} became shorter: expected ${target.byteLength} bytes at byte ${position}, found ${done}. Run bgb build-cache again to rebuild it.`,
      );
    done += read;
  }
}
