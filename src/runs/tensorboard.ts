import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { histogramOf } from './histogram.ts';
import { delimitedField, doubleField, doublesField, floatField, integerField } from './protobuf.ts';

/** Field numbers of tensorboard/compat/proto/event.proto and summary.proto. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY_VALUE = 1;
const VALUE = { tag: 1, simpleValue: 2, histogram: 5 } as const;
const HISTOGRAM = { min: 1, max: 2, num: 3, sum: 4, sumSquares: 5, limits: 6, counts: 7 } as const;
const SESSION_STATUS = 1;
const SESSION_START = 1;

/**
 * Writes one TensorBoard event file: records framed as TFRecord, each an `Event` message, the first of which
 * states the file version. Every session of a run writes a file of its own, so a record torn by a crash
 * stays the last of its file, where readers stop at it.
 */
export class TensorboardWriter implements Disposable {
  readonly path: string;
  #file: number | null;
  #records: number;

  private constructor(path: string, file: number, records: number) {
    this.path = path;
    this.#file = file;
    this.#records = records;
  }

  /** Records of this file and those of earlier sessions. */
  get records(): number {
    return this.#records;
  }

  /**
   * @param folder made if missing; TensorBoard shows it as one run.
   * @param restartStep where a run resumes, the first step it will write: a TensorBoard that is running then drops what it
   * has read of earlier files from that step on.
   * @param records in the files of earlier sessions.
   */
  static create(
    folder: string,
    options: { now: Date; restartStep?: number; records?: number },
  ): TensorboardWriter {
    mkdirSync(folder, { recursive: true });
    const seconds = options.now.getTime() / 1000;
    const [path, file] = openNew(folder, Math.floor(seconds));
    const writer = new TensorboardWriter(path, file, options.records ?? 0);
    writer.#write(event(seconds, 0, delimitedField(EVENT.fileVersion, 'brain.Event:2')));
    if (options.restartStep !== undefined) {
      const start = delimitedField(EVENT.sessionLog, integerField(SESSION_STATUS, SESSION_START));
      writer.#write(event(seconds, options.restartStep, start));
    }
    return writer;
  }

  /** Writes values of one step, such as `{ 'train/loss': 0.31 }`, stored as 32-bit floats. */
  scalars(step: number, values: Readonly<Record<string, number>>, now: Date): void {
    const summary = Object.entries(values).map(([tag, value]) =>
      delimitedField(SUMMARY_VALUE, delimitedField(VALUE.tag, tag), floatField(VALUE.simpleValue, value)),
    );
    this.#write(event(now.getTime() / 1000, step, delimitedField(EVENT.summary, ...summary)));
  }

  /** Writes a histogram of numbers of one step; those that are not finite are left out. */
  histogram(step: number, tag: string, numbers: ArrayLike<number>, now: Date): void {
    const { min, max, count, sum, sumOfSquares, limits, counts } = histogramOf(numbers);
    const histogram = delimitedField(
      VALUE.histogram,
      doubleField(HISTOGRAM.min, min),
      doubleField(HISTOGRAM.max, max),
      doubleField(HISTOGRAM.num, count),
      doubleField(HISTOGRAM.sum, sum),
      doubleField(HISTOGRAM.sumSquares, sumOfSquares),
      doublesField(HISTOGRAM.limits, limits),
      doublesField(HISTOGRAM.counts, counts),
    );
    const value = delimitedField(SUMMARY_VALUE, delimitedField(VALUE.tag, tag), histogram);
    this.#write(event(now.getTime() / 1000, step, delimitedField(EVENT.summary, value)));
  }

  /** Syncs and closes the file; later calls do nothing. */
  close(): void {
    if (this.#file === null) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#file = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(message: Uint8Array): void {
    if (this.#file === null) throw new Error(`${this.path} is closed.`);
    writeWhole(this.#file, tfRecord(message));
    this.#records++;
  }
}

/** An `Event` message; proto3 leaves out a step of 0. */
function event(wallTimeS: number, step: number, what: Uint8Array): Uint8Array {
  const stepField = step === 0 ? new Uint8Array() : integerField(EVENT.step, step);
  return Buffer.concat([doubleField(EVENT.wallTime, wallTimeS), stepField, what]);
}

/** Length, its masked CRC, the data, its masked CRC (tensorflow/core/lib/io/record_writer.h). */
function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.byteLength + 16);
  record.writeBigUInt64LE(BigInt(data.byteLength), 0);
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(crc32c(data)), 12 + data.byteLength);
  return record;
}

/** A CRC of data that itself contains CRCs is weak, so stored ones are rotated and shifted. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** TensorBoard knows event files by `tfevents` in the name; the host name usual there is left out. */
function openNew(folder: string, seconds: number): [path: string, file: number] {
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, `events.out.tfevents.${String(seconds).padStart(10, '0')}.bgb.${attempt}`);
    try {
      return [path, openSync(path, 'wx')];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function writeWhole(file: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) done += writeSync(file, bytes, done);
}
