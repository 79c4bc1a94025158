import { InputError } from '../errors.ts';
import { decode, physicalOf, requireScaling } from './decode.ts';
import { FIXED_BYTES, type Header, parseHeader, SIGNAL_BYTES, signalCount } from './header.ts';
import type { EdfKind, EdfWarning, Signal } from './recording.ts';

/** What the header of a recording says that is still being written. */
export interface EdfStart {
  readonly kind: EdfKind;
  readonly startedAt: string | null;
  readonly signals: readonly Signal[];
  readonly recordDurationS: number;
  /** -1 where it is left open. */
  readonly declaredRecords: number;
  readonly warnings: readonly EdfWarning[];
}

/** A record is read as a whole, so a longer one is no stream: the longest is 10 s of 512 channels at 4 kHz and more. */
const LARGEST_RECORD = 64 << 20;

/**
 * An EDF or BDF recording from its bytes as they come, in pieces of any size. Holds less than a data record.
 *
 * ```ts
 * const edf = new EdfBytes('standard input');
 * for await (const chunk of process.stdin)
 *   for (const record of edf.push(chunk)) edf.signalsOf(record, [0, 1]); // microvolts, if the header says so
 * ```
 */
export class EdfBytes {
  readonly #path: string;
  /** Bytes that are not used yet. */
  #pieces: Uint8Array[] = [];
  #held = 0;
  #header: Header | null = null;
  #headerBytes = FIXED_BYTES;
  #records = 0;

  /** @param path to name in messages */
  constructor(path: string) {
    this.#path = path;
  }

  /** null until the whole header was there. */
  get start(): EdfStart | null {
    return this.#header;
  }

  /** Whole data records so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes after the last whole record; before the first, those of the header. */
  get rest(): number {
    return this.#held;
  }

  /**
   * Takes the next bytes, which must not change afterwards.
   *
   * @returns the data records that are whole now
   * @throws InputError `EDF_FORMAT`, `EDF_HEADER`; `EDF_TIME` for a recording with holes (EDF+D), whose records need
   * the times of those after them; `EDF_DATA` for records too large to be held
   */
  push(bytes: Uint8Array): Uint8Array[] {
    if (bytes.length > 0) this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#header === null && !this.#readHeader()) return [];
    const { recordBytes } = this.#header!;
    const records: Uint8Array[] = [];
    while (this.#held >= recordBytes) records.push(this.#take(recordBytes));
    this.#records += records.length;
    return records;
  }

  /** Samples of some signals in the physical unit of their header. @throws InputError `EDF_SCALING` */
  signalsOf(record: Uint8Array, indices: readonly number[]): Float64Array[] {
    const { signals, bytesPerSample } = this.#header!;
    const chosen = indices.map((index) => signals[index]!);
    requireScaling(chosen, this.#path);
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    return chosen.map((signal) => {
      const values = new Int32Array(signal.samplesPerRecord);
      decode(view, signal.byteInRecord, bytesPerSample, values, 0, values.length);
      return physicalOf(values, signal);
    });
  }

  #readHeader(): boolean {
    if (this.#held < this.#headerBytes) return false;
    if (this.#headerBytes === FIXED_BYTES) {
      const fixed = this.#take(FIXED_BYTES);
      this.#pieces.unshift(fixed);
      this.#held += FIXED_BYTES;
      this.#headerBytes = FIXED_BYTES + SIGNAL_BYTES * signalCount(fixed, this.#path);
      if (this.#held < this.#headerBytes) return false;
    }
    const header = parseHeader(this.#take(this.#headerBytes), this.#path);
    if (header.kind.endsWith('+D'))
      throw new InputError(
        'EDF_TIME',
        `${this.#path}: says it has holes (${header.kind}); where one begins is known from later records only, so it cannot be read while it grows. Record as EDF+C, or use bgb predict when it is finished.`,
      );
    if (header.recordBytes < 1 || header.recordBytes > LARGEST_RECORD)
      throw new InputError(
        'EDF_DATA',
        `${this.#path}: expected data records of 1 to ${LARGEST_RECORD} bytes, found ${header.recordBytes}: a record is used when it is whole. Use bgb predict when the recording is finished.`,
      );
    this.#header = header;
    return true;
  }

  /** The next bytes as one piece. */
  #take(count: number): Uint8Array {
    this.#held -= count;
    const [first] = this.#pieces as [Uint8Array];
    if (first.length >= count) {
      if (first.length === count) this.#pieces.shift();
      else this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const piece = this.#pieces[0]!;
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    return taken;
  }
}
