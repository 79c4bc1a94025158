import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { InputError, messageOf } from '../errors.ts';
import type { PreprocessedSegment } from '../signal/index.ts';
import { EXCLUDED } from './labels.ts';
import { contentOffset, END_BYTES, type Member, parseDirectory, parseEnd, parseNpyHeader } from './npz.ts';
import { FORMAT_VERSION, type Provenance, provenanceSchema } from './provenance.ts';
import type { LabelRun } from './write-entry.ts';

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** What is asked of an entry, whoever wrote it. */
export interface CacheEntry extends Disposable {
  readonly path: string;
  readonly rows: number;
  readonly channels: number;
  /** What int16 values are multiplied by. */
  readonly scale: number;
  readonly segments: readonly PreprocessedSegment[];
  /** The labels, as stretches. */
  readonly labelRuns: readonly LabelRun[];
  readonly provenance: Provenance;
  /** Byte of the file at which the signal's first row lies; null where windows cannot be read one by one. */
  readonly signalAt: number | null;
  /** Byte of the file at which the first label lies; null as above. */
  readonly labelsAt: number | null;
  /** CRC-32 of the stored signal: entries of other samples have another, but for 1 in 2^32; null where none is stored. */
  readonly signalChecksum: number | null;
  /**
   * Reads the whole recording and checks it.
   *
   * @param signal (N, C)
   * @param labels (N)
   */
  readAll(signal: Int16Array, labels: Uint8Array): void;
}

/** An array found in the file. */
interface ArrayPlace {
  readonly member: Member;
  readonly shape: readonly number[];
  /** Byte of its first element. */
  readonly at: number;
}

/** Holds the directory, provenance, scale and segments of all but unusual entries. */
const TAIL_BYTES = 32768;

/** Read at once by `verify`. */
const VERIFIED_BYTES = 4 << 20;

/** Provenance beyond this is none. */
const LARGEST_PROVENANCE = 16 << 20;

/**
 * An entry open for reading. Opening checks the directory, every header and the sizes; signal and labels are
 * read only when asked for, by positioned reads.
 */
export class Entry implements CacheEntry {
  readonly path: string;
  readonly rows: number;
  readonly channels: number;
  readonly scale: number;
  readonly segments: readonly PreprocessedSegment[];
  /** The labels, as stretches. */
  readonly labelRuns: readonly LabelRun[];
  readonly provenance: Provenance;
  readonly #file: number;
  readonly #signal: ArrayPlace;
  readonly #labels: ArrayPlace;
  /** The last bytes of the file, which most of what opening reads lies in. */
  readonly #tail: { readonly at: number; readonly bytes: Buffer };

  /** @throws InputError `CACHE_READ`, `CACHE_NPZ`, `CACHE_NPY`, `CACHE_ENTRY` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#file = openSync(path, 'r');
    } catch (cause) {
      throw new InputError('CACHE_READ', `Cannot read the cache entry ${path}: ${messageOf(cause)}.`, {
        cause,
      });
    }
    try {
      const { size } = fstatSync(this.#file);
      const at = Math.max(0, size - TAIL_BYTES);
      this.#tail = { at, bytes: Buffer.alloc(0) };
      this.#tail = { at, bytes: this.#read(at, size - at) };
      const members = this.#members(size);
      this.provenance = this.#provenance(members);
      const channels = this.provenance.channels.length;
      const signal = this.#array(
        members,
        'signal.npy',
        '<i2',
        (shape) => shape.length === 2 && shape[1] === channels,
      );
      this.#signal = signal;
      this.rows = signal.shape[0]!;
      this.channels = channels;
      const labels = this.#array(
        members,
        'labels.npy',
        '|u1',
        (shape) => shape.length === 1 && shape[0] === this.rows,
      );
      this.#labels = labels;
      const scale = this.#array(members, 'scale.npy', '<f4', (shape) => shape.join() === '1');
      this.scale = this.#content(scale).readFloatLE(0);
      if (!(this.scale > 0 && Number.isFinite(this.scale))) this.#refuse(`its scale is ${this.scale}`);
      this.segments = this.#stretches(members, 'segments.npy').map(([firstRow, rows, startSample]) => ({
        firstRow,
        rows,
        startSample,
      }));
      this.labelRuns = this.#stretches(members, 'label_runs.npy').map(([firstRow, rows, label]) => {
        if (label < 0 || label > EXCLUDED) this.#refuse(`label_runs.npy has the label ${label}`);
        return { firstRow, rows, label };
      });
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Byte of the file at which the signal's first row lies; rows follow one another. */
  get signalAt(): number {
    return this.#signal.at;
  }

  /** Byte of the file at which the first label lies. */
  get labelsAt(): number {
    return this.#labels.at;
  }

  /** CRC-32 of the signal with its header, as stored: entries of other samples have another, but for 1 in 2^32. */
  get signalChecksum(): number {
    return this.#signal.member.crc32;
  }

  /**
   * Reads the whole recording and checks it against the checksums.
   *
   * @param signal (N, C)
   * @param labels (N)
   */
  readAll(signal: Int16Array, labels: Uint8Array): void {
    for (const [{ member, at }, target] of [
      [this.#signal, bytesOf(signal)],
      [this.#labels, labels],
    ] as const) {
      const header = this.#read(member.offset, at - member.offset);
      this.#readInto(target, at);
      if (crc32(target, crc32(header)) !== member.crc32)
        this.#refuse(`the checksum of ${member.name} is wrong`);
    }
    // What was listed by the one must not be trained on by the other.
    for (const { firstRow, rows, label } of this.labelRuns)
      for (let row = firstRow; row < firstRow + rows; row++)
        if (labels[row] !== label)
          this.#refuse(`row ${row} is ${labels[row]} in labels.npy and ${label} in label_runs.npy`);
  }

  /**
   * Reads signal and labels, a piece at a time, and checks them against the checksums.
   *
   * @throws InputError `CACHE_ENTRY`
   */
  verify(): void {
    const piece = Buffer.allocUnsafe(VERIFIED_BYTES);
    for (const { member } of [this.#signal, this.#labels]) {
      let checksum = 0;
      for (let done = 0; done < member.bytes; done += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, member.bytes - done));
        this.#readInto(part, member.offset + done);
        checksum = crc32(part, checksum);
      }
      if (checksum !== member.crc32) this.#refuse(`the checksum of ${member.name} is wrong`);
    }
  }

  /** Reads rows `first` to `first + rows` of the signal, (rows, C), into `target`. */
  readSignal(first: number, rows: number, target: Int16Array): void {
    const bytes = Buffer.from(target.buffer, target.byteOffset, rows * this.channels * 2);
    this.#readInto(bytes, this.#signal.at + first * this.channels * 2);
  }

  /** Reads labels of rows `first` to `first + target.length`. */
  readLabels(first: number, target: Uint8Array): void {
    this.#readInto(target, this.#labels.at + first);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #members(size: number): Map<string, Member> {
    const { offset, bytes, count } = parseEnd(
      this.#read(Math.max(0, size - END_BYTES), Math.min(size, END_BYTES)),
      size,
      this.path,
    );
    return new Map(
      parseDirectory(this.#read(offset, bytes), count, this.path).map(({ local, ...member }) => {
        const at = contentOffset(this.#read(local, 30), local, member.name, this.path);
        if (at + member.bytes > offset) this.#refuse(`member ${member.name} reaches past byte ${offset}`);
        return [member.name, { ...member, offset: at }] as const;
      }),
    );
  }

  #array(
    members: ReadonlyMap<string, Member>,
    name: string,
    dtype: string,
    fits: (shape: number[]) => boolean,
  ): ArrayPlace {
    const member = members.get(name) ?? this.#refuse(`it has no ${name}`);
    const header = parseNpyHeader(
      this.#read(member.offset, Math.min(member.bytes, 1024)),
      `${this.path}: ${name}`,
    );
    const elementBytes = Number(dtype.at(-1));
    const expected =
      header.headerBytes + header.shape.reduce((product, size) => product * size, elementBytes);
    if (header.dtype !== dtype || !fits(header.shape) || expected !== member.bytes)
      this.#refuse(
        `${name} is ${header.dtype} (${header.shape.join(', ')}) in ${member.bytes} bytes, expected ${dtype} in ${expected}`,
      );
    return { member, shape: header.shape, at: member.offset + header.headerBytes };
  }

  #provenance(members: ReadonlyMap<string, Member>): Provenance {
    const member = members.get('provenance.json') ?? this.#refuse('it has no provenance.json');
    if (member.bytes > LARGEST_PROVENANCE) this.#refuse(`provenance.json has ${member.bytes} bytes`);
    const bytes = this.#read(member.offset, member.bytes);
    if (crc32(bytes) !== member.crc32) this.#refuse('the checksum of provenance.json is wrong');
    const parsed = provenanceSchema.safeParse(this.#json(bytes));
    if (!parsed.success)
      return this.#refuse(
        `provenance.json: ${parsed.error.issues[0]!.path.join('.')} ${parsed.error.issues[0]!.message}`,
      );
    if (parsed.data.version !== FORMAT_VERSION)
      this.#refuse(
        `it is of format version ${parsed.data.version}, this bgb reads version ${FORMAT_VERSION}`,
      );
    return parsed.data;
  }

  #json(bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      return this.#refuse(`provenance.json: ${messageOf(error)}`);
    }
  }

  /** Rows of an (k, 2) array of first row and value, as first row, rows and value; together they are the recording. */
  #stretches(members: ReadonlyMap<string, Member>, name: string): [number, number, number][] {
    const place = this.#array(members, name, '<i8', (shape) => shape.length === 2 && shape[1] === 2);
    if (place.shape[0] === 0) this.#refuse(`${name} is empty`);
    const bytes = this.#content(place);
    const first = (index: number) =>
      index < place.shape[0]! ? Number(bytes.readBigInt64LE(16 * index)) : this.rows;
    return Array.from({ length: place.shape[0]! }, (_, index) => {
      const firstRow = first(index);
      const rows = first(index + 1) - firstRow;
      if (rows < 1 || (index === 0 && firstRow !== 0))
        this.#refuse(`row ${index} of ${name} starts at row ${firstRow} and has ${rows} rows`);
      return [firstRow, rows, Number(bytes.readBigInt64LE(16 * index + 8))];
    });
  }

  /** The elements of a small array, checked against its checksum. */
  #content({ member, at }: ArrayPlace): Buffer {
    const bytes = this.#read(member.offset, member.bytes);
    if (crc32(bytes) !== member.crc32) this.#refuse(`the checksum of ${member.name} is wrong`);
    return bytes.subarray(at - member.offset);
  }

  #read(position: number, length: number): Buffer {
    const inTail = position - this.#tail.at;
    if (inTail >= 0 && inTail + length <= this.#tail.bytes.length)
      return this.#tail.bytes.subarray(inTail, inTail + length);
    const bytes = Buffer.allocUnsafe(length);
    this.#readInto(bytes, position);
    return bytes;
  }

  #readInto(target: Uint8Array, position: number): void {
    let done = 0;
    while (done < target.byteLength) {
      const read = readSync(this.#file, target, done, target.byteLength - done, position + done);
      if (read === 0) this.#refuse(`expected ${target.byteLength} bytes at byte ${position}, found ${done}`);
      done += read;
    }
  }

  #refuse(reason: string): never {
    throw new InputError(
      'CACHE_ENTRY',
      `The cache entry ${this.path} cannot be used: ${reason}. Make it again with bgb build-cache, or bgb convert-cache.`,
    );
  }
}
