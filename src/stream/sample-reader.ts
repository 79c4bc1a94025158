import { EdfBytes, type EdfRecord, type Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { counted } from '../words.ts';
import { type RawLayout, RawSamples, rawSignals } from './raw-samples.ts';

/** Some samples of each signal, of the same time. */
export interface SampleBlock {
  readonly samples: Float64Array[];
  /** Where there is a hole ahead of them: when they start, from the first sample. Else null. */
  readonly afterHoleS: number | null;
}

/** Samples from the bytes of a stream. */
export interface SampleReader {
  /** null until they are known. */
  readonly signals: readonly Signal[] | null;
  /** Recorded time so far, whole samples or data records; s. */
  readonly receivedS: number;
  /** Time from the first sample to the last, holes included; s. */
  readonly elapsedS: number;
  push(bytes: Uint8Array): void;
  /** What has come since it was last asked, block by block, of these signals. */
  take(indices: readonly number[]): Iterable<SampleBlock>;
  /** What was odd and read all the same, a sentence each. */
  notices(): string[];
  /** To be called at the end; some samples may be left to take. @throws InputError where no such stream should end so */
  end(): void;
}

/** Plain numbers. @throws InputError `STREAM_LAYOUT` */
export class RawReader implements SampleReader {
  readonly signals: readonly Signal[];
  readonly #raw: RawSamples;
  readonly #path: string;
  readonly #rate: number;
  readonly #labels: number;
  #pieces: Uint8Array[] = [];
  #samples = 0;

  constructor(layout: RawLayout, path: string) {
    this.signals = rawSignals(layout);
    this.#raw = new RawSamples(layout);
    this.#path = path;
    this.#rate = layout.sampleRate;
    this.#labels = layout.channels.length;
  }

  get receivedS(): number {
    return this.#samples / this.#rate;
  }

  get elapsedS(): number {
    return this.receivedS;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
  }

  *take(indices: readonly number[]): Iterable<SampleBlock> {
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) {
      const samples = this.#raw.push(piece, indices);
      this.#samples += samples[0]!.length;
      yield { samples, afterHoleS: null };
    }
  }

  notices(): string[] {
    return [];
  }

  end(): void {
    const { rest, frameBytes } = this.#raw;
    if (rest > 0)
      throw new InputError(
        'STREAM_TRUNCATED',
        `${this.#path}: expected a whole number of samples of ${this.#labels} channels, ${frameBytes} bytes each; ${rest} bytes are left after ${this.#samples} of them. If the writer was not cut off, --channels or --format is not what it writes, and the events above mean nothing.`,
      );
  }
}

/** An EDF or BDF file from its first byte. */
export class EdfReader implements SampleReader {
  readonly #path: string;
  readonly #edf: EdfBytes;
  #records: EdfRecord[] = [];
  /** Of holes so far; s. */
  #holesS = 0;
  #takenRecords = 0;

  constructor(path: string) {
    this.#path = path;
    this.#edf = new EdfBytes(path);
  }

  get signals(): readonly Signal[] | null {
    return this.#edf.start?.signals ?? null;
  }

  get receivedS(): number {
    return this.#edf.records * (this.#edf.start?.recordDurationS ?? 0);
  }

  get elapsedS(): number {
    return this.receivedS + this.#holesS;
  }

  /** Whether so many data records have been read, and nothing more. */
  hasRecords(declared: number): boolean {
    const { start, records, rest } = this.#edf;
    return start?.declaredRecords === -1 && declared >= 0 && records >= declared && rest === 0;
  }

  push(bytes: Uint8Array): void {
    this.#records.push(...this.#edf.push(bytes));
  }

  *take(indices: readonly number[]): Iterable<SampleBlock> {
    const records = this.#records;
    this.#records = [];
    for (const record of records) {
      const { afterHoleS } = record;
      if (afterHoleS !== null)
        this.#holesS = afterHoleS - this.#takenRecords * this.#edf.start!.recordDurationS;
      this.#takenRecords++;
      yield { samples: this.#edf.signalsOf(record, indices), afterHoleS };
    }
  }

  notices(): string[] {
    const { start, records, rest } = this.#edf;
    const declared = start?.declaredRecords ?? -1;
    return [
      ...(start?.warnings ?? []).map(({ message }) => message),
      ...(declared > records
        ? [`the header announces ${declared} data records; ${counted(records, 'whole one')} came`]
        : []),
      ...(rest > 0 ? [`${rest} bytes after the last whole data record are left out`] : []),
    ];
  }

  end(): void {
    if (this.#edf.start === null)
      throw new InputError(
        'EDF_HEADER',
        `${this.#path}: expected the header of an EDF or BDF recording, found ${this.#edf.rest} bytes. Plain numbers need --channels and --sample-rate.`,
      );
    this.#records.push(...this.#edf.end());
  }
}
