import { InputError } from '../errors.ts';
import { decode, physicalOf, requireScaling } from './decode.ts';
import { FIXED_BYTES, type Header, parseHeader, SIGNAL_BYTES, signalCount } from './header.ts';
import { clockOf } from './record-clock.ts';
import { type PlacedRecord, RecordJoiner } from './record-joiner.ts';
import type { EdfKind, EdfWarning, Signal } from './recording.ts';
import { parseTals } from './tal.ts';

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

/** A whole data record. */
export interface EdfRecord {
  readonly bytes: Uint8Array;
  /** Where there is a hole ahead of it: when it starts, from the first record's start. Else null. */
  readonly afterHoleS: number | null;
}

/** A record is read as a whole, so a longer one is no stream: the longest is 10 s of 512 channels at 4 kHz and more. */
const LARGEST_RECORD = 64 << 20;

/**
 * An EDF or BDF recording from its bytes as they come, in pieces of any size. Holds less than a data record; of one with
 * holes (EDF+D) one more, for whether a record goes on where the one ahead of it ended is known once the next is there.
 *
 * ```ts
 * const edf = new EdfBytes('standard input');
 * for await (const chunk of process.stdin)
 *   for (const record of edf.push(chunk)) edf.signalsOf(record, [0, 1]); // microvolts, if the header says so
 * edf.end();                                                            // of an EDF+D one more record
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
  #joiner: RecordJoiner | null = null;
  /** Of an EDF+D: the last record, and the first one's start. */
  #last: Uint8Array | null = null;
  #firstOnsetS = 0;

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
   * @returns the data records that are whole, and whose place is known, now
   * @throws InputError `EDF_FORMAT`, `EDF_HEADER`; `EDF_TIME`, `EDF_TAL` for a recording with holes that does not tell
   * when each record starts; `EDF_DATA` for records too large to be held
   */
  push(bytes: Uint8Array): EdfRecord[] {
    if (bytes.length > 0) this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#header === null && !this.#readHeader()) return [];
    const { recordBytes } = this.#header!;
    const records: EdfRecord[] = [];
    while (this.#held >= recordBytes) {
      const record = this.#take(recordBytes);
      records.push(
        ...(this.#joiner === null
          ? [{ bytes: record, afterHoleS: null }]
          : this.#place(record, this.#joiner)),
      );
      this.#records++;
    }
    return records;
  }

  /** At the end: the record whose place was open, where there is one. @throws InputError `EDF_TIME` */
  end(): EdfRecord[] {
    const placed = this.#joiner?.end() ?? null;
    return this.#last === null || placed === null ? [] : [recordOf(this.#last, placed)];
  }

  /** The record ahead of one that has come, where there is one. */
  #place(record: Uint8Array, joiner: RecordJoiner): EdfRecord[] {
    const onsetS = this.#onsetOf(record);
    if (this.#last === null) this.#firstOnsetS = onsetS;
    const [ahead, placed] = [this.#last, joiner.push(onsetS - this.#firstOnsetS)];
    this.#last = record;
    return ahead === null || placed === null ? [] : [recordOf(ahead, placed)];
  }

  /** When an EDF+D's record says it starts, from the header's start. */
  #onsetOf(record: Uint8Array): number {
    const { annotationSignals, bytesPerSample, kind } = this.#header!;
    const [keeper] = annotationSignals;
    const where = `${this.#path}, data record ${this.#records}`;
    const bytes = record.subarray(
      keeper?.byteInRecord,
      keeper && keeper.byteInRecord + keeper.samplesPerRecord * bytesPerSample,
    );
    const onsetS = keeper === undefined ? null : parseTals(bytes, true, where).recordStartS;
    if (onsetS !== null) return onsetS;
    throw new InputError(
      'EDF_TIME',
      `${where} does not say when it starts, and the recording has holes (${kind}). Its times would be a guess; record as EDF+C, or with an annotation signal that keeps the time.`,
    );
  }

  /** Samples of some signals in the physical unit of their header. @throws InputError `EDF_SCALING` */
  signalsOf({ bytes }: EdfRecord, indices: readonly number[]): Float64Array[] {
    const { signals, bytesPerSample } = this.#header!;
    const chosen = indices.map((index) => signals[index]!);
    requireScaling(chosen, this.#path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    if (header.recordBytes < 1 || header.recordBytes > LARGEST_RECORD)
      throw new InputError(
        'EDF_DATA',
        `${this.#path}: expected data records of 1 to ${LARGEST_RECORD} bytes, found ${header.recordBytes}: a record is used when it is whole. Use bgb predict when the recording is finished.`,
      );
    this.#header = header;
    if (header.kind.endsWith('+D')) this.#joiner = new RecordJoiner(clockOf(header), this.#path);
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

function recordOf(bytes: Uint8Array, { startS, isFirst }: PlacedRecord): EdfRecord {
  return { bytes, afterHoleS: isFirst && startS > 0 ? startS : null };
}
