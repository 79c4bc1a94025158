import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { InputError, messageOf } from '../errors.ts';
import { writeAtomicWith } from '../files/index.ts';
import type { PreprocessedSegment } from '../signal/index.ts';
import {
  archive,
  contentOffset,
  END_BYTES,
  type Member,
  npyHeader,
  parseDirectory,
  parseEnd,
  parseNpyHeader,
} from './npz.ts';
import { FORMAT_VERSION, type Provenance, provenanceSchema } from './provenance.ts';

/** What an entry holds; see DESIGN.md, "Cache". */
export interface EntryContent {
  /** (N, C) int16 */
  readonly signal: Int16Array;
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: Uint8Array;
  readonly segments: readonly PreprocessedSegment[];
  readonly scale: number;
  readonly provenance: Provenance;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Writes an entry, atomically. The same content gives the same bytes. */
export async function writeEntry(path: string, content: EntryContent): Promise<void> {
  const { signal, labels, segments, scale, provenance } = content;
  const pairs = BigInt64Array.from(
    segments.flatMap(({ firstRow, startSample }) => [BigInt(firstRow), BigInt(startSample)]),
  );
  const pieces = archive(
    new Map([
      ['signal.npy', [npyHeader('<i2', [labels.length, provenance.channels.length]), bytesOf(signal)]],
      ['segments.npy', [npyHeader('<i8', [segments.length, 2]), bytesOf(pairs)]],
      ['scale.npy', [npyHeader('<f4', [1]), bytesOf(Float32Array.of(scale))]],
      ['labels.npy', [npyHeader('|u1', [labels.length]), labels]],
      ['provenance.json', [Buffer.from(`${JSON.stringify(provenance, null, 1)}\n`)]],
    ]),
  );
  await writeAtomicWith(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece);
  });
}

/**
 * An entry open for reading. Opening checks the directory, every header and the sizes; signal and labels are
 * read only when asked for, by positioned reads.
 */
export class Entry implements Disposable {
  readonly path: string;
  readonly rows: number;
  readonly channels: number;
  readonly scale: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly provenance: Provenance;
  readonly #file: number;
  readonly #signalAt: number;
  readonly #labelsAt: number;

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
      const members = this.#members();
      this.provenance = this.#provenance(members);
      const channels = this.provenance.channels.length;
      const signal = this.#array(
        members,
        'signal.npy',
        '<i2',
        (shape) => shape.length === 2 && shape[1] === channels,
      );
      this.rows = signal.shape[0]!;
      this.channels = channels;
      const labels = this.#array(
        members,
        'labels.npy',
        '|u1',
        (shape) => shape.length === 1 && shape[0] === this.rows,
      );
      this.#signalAt = signal.at;
      this.#labelsAt = labels.at;
      const scale = this.#array(members, 'scale.npy', '<f4', (shape) => shape.join() === '1');
      this.scale = this.#read(scale.at, 4).readFloatLE(0);
      const segments = this.#array(
        members,
        'segments.npy',
        '<i8',
        (shape) => shape.length === 2 && shape[1] === 2,
      );
      this.segments = this.#segments(segments.at, segments.shape[0]!);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Reads rows `first` to `first + rows` of the signal, (rows, C), into `target`. */
  readSignal(first: number, rows: number, target: Int16Array): void {
    const bytes = Buffer.from(target.buffer, target.byteOffset, rows * this.channels * 2);
    this.#readInto(bytes, this.#signalAt + first * this.channels * 2);
  }

  /** Reads labels of rows `first` to `first + target.length`. */
  readLabels(first: number, target: Uint8Array): void {
    this.#readInto(target, this.#labelsAt + first);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #members(): Map<string, Member> {
    const { size } = fstatSync(this.#file);
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
  ) {
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
    return { shape: header.shape, at: member.offset + header.headerBytes };
  }

  #provenance(members: ReadonlyMap<string, Member>): Provenance {
    const member = members.get('provenance.json') ?? this.#refuse('it has no provenance.json');
    const bytes = this.#read(member.offset, member.bytes);
    if (crc32(bytes) !== member.crc32) this.#refuse('the checksum of provenance.json is wrong');
    const parsed = provenanceSchema.safeParse(JSON.parse(bytes.toString('utf8')));
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

  #segments(at: number, count: number): PreprocessedSegment[] {
    const bytes = this.#read(at, count * 16);
    const starts = Array.from({ length: count }, (_, i) => Number(bytes.readBigInt64LE(16 * i)));
    return starts.map((firstRow, i) => {
      const rows = (starts[i + 1] ?? this.rows) - firstRow;
      if (rows < 1 || (i === 0 && firstRow !== 0))
        this.#refuse(`segment ${i} starts at row ${firstRow} and has ${rows} rows`);
      return { firstRow, rows, startSample: Number(bytes.readBigInt64LE(16 * i + 8)) };
    });
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
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
      `The cache entry ${this.path} is damaged: ${reason}. Run bgb build-cache again to rebuild it.`,
    );
  }
}
