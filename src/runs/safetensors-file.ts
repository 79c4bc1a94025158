import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { BgbError, InputError, messageOf } from '../errors.ts';
import {
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type StoredTensor,
  type TensorEntry,
} from './safetensors-header.ts';

/** One system call reads less than 2 GiB. */
const PIECE_BYTES = 64 * 1024 * 1024;

/**
 * An open safetensors file. The header has been checked against the file's length; tensors are read when
 * asked for, with positioned reads.
 *
 * @example
 * await using file = await SafetensorsFile.open('best.safetensors');
 * const weight = await file.read('head.weight');
 */
export class SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #file: FileHandle;
  readonly #dataStart: number;

  private constructor(path: string, file: FileHandle, header: SafetensorsHeader, dataStart: number) {
    this.path = path;
    this.metadata = header.metadata;
    this.entries = new Map(header.entries.map((entry) => [entry.name, entry]));
    this.#file = file;
    this.#dataStart = dataStart;
  }

  /**
   * @throws InputError `SAFETENSORS_OPEN` if the file cannot be opened, `SAFETENSORS_HEADER` if it is not a
   * safetensors file or is cut short.
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await openForReading(path);
    try {
      const { size } = await file.stat();
      const headBytes = await readHeaderLength(file, path, size);
      const bytes = new Uint8Array(headBytes);
      await readFully(file, path, bytes, 8);
      const dataStart = 8 + headBytes;
      return new SafetensorsFile(path, file, parseHeader(bytes, size - dataStart, path), dataStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * One tensor, in fresh memory.
   *
   * @throws InputError `SAFETENSORS_NAME` if the file has no such tensor, `SAFETENSORS_SHORT` if the file has
   * become shorter since it was opened.
   */
  async read(name: string): Promise<StoredTensor> {
    const entry = this.entry(name);
    const bytes = new Uint8Array(entry.end - entry.begin);
    await this.readInto(name, bytes);
    return { dtype: entry.dtype, shape: entry.shape, bytes };
  }

  /** As {@link read}, into memory of exactly the tensor's size, such as a pinned buffer. */
  async readInto(name: string, target: Uint8Array): Promise<void> {
    const entry = this.entry(name);
    if (target.byteLength !== entry.end - entry.begin) {
      throw new BgbError(
        'SAFETENSORS_TARGET',
        `Tensor ${JSON.stringify(name)} has ${entry.end - entry.begin} bytes, but the target holds ${target.byteLength}.`,
      );
    }
    await readFully(this.#file, this.path, target, this.#dataStart + entry.begin);
  }

  /** What the header says of one tensor. */
  entry(name: string): TensorEntry {
    const entry = this.entries.get(name);
    if (!entry) {
      throw new InputError(
        'SAFETENSORS_NAME',
        `${this.path} has no tensor ${JSON.stringify(name)}; it has ${listed([...this.entries.keys()])}.`,
      );
    }
    return entry;
  }

  /** SHA-256 of the whole file, through the handle that tensors are read from. */
  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    const buffer = new Uint8Array(1024 * 1024);
    let position = 0;
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.byteLength, position);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
  } catch (cause) {
    await file?.close();
    throw new InputError('SAFETENSORS_OPEN', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
  }
  await file.close();
  throw new InputError('SAFETENSORS_OPEN', `${path} must be a safetensors file, but is not a regular file.`);
}

async function readHeaderLength(file: FileHandle, path: string, size: number): Promise<number> {
  if (size < 8) {
    throw shortHeader(path, `must have at least 8 bytes, but has ${size}`);
  }
  const start = new Uint8Array(8);
  await readFully(file, path, start, 0);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw shortHeader(path, `states a header of ${length} bytes; the format allows ${MAX_HEADER_BYTES}`);
  }
  if (length > size - 8) {
    throw shortHeader(path, `states a header of ${length} bytes, but has ${size - 8} after its length`);
  }
  return Number(length);
}

function shortHeader(path: string, what: string): InputError {
  return new InputError(
    'SAFETENSORS_HEADER',
    `${path} is not a usable safetensors file: it ${what}. Use an intact copy of the file.`,
  );
}

async function readFully(file: FileHandle, path: string, target: Uint8Array, from: number): Promise<void> {
  let done = 0;
  while (done < target.byteLength) {
    const length = Math.min(PIECE_BYTES, target.byteLength - done);
    const { bytesRead } = await file.read(target, done, length, from + done);
    if (bytesRead === 0) {
      throw new InputError(
        'SAFETENSORS_SHORT',
        `${path} ends at byte ${from + done}, but ${target.byteLength - done} more were expected there: ` +
          'it was cut while in use. Use an intact copy of the file.',
      );
    }
    done += bytesRead;
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return shown.length === 0 ? 'none' : shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
