/**
 * Caches that other programs wrote: a .npz with `windows` (n, C, T) and, where there are labels, `labels` (n, T) or
 * (n), stored or compressed, as NumPy writes it (zip, APPNOTE 6.3.10; .npy, NumPy enhancement proposal 1).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { freemem } from 'node:os';
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { InputError, messageOf } from '../errors.ts';
import { sha256 } from '../files/index.ts';

/** What such a file holds. */
export interface ForeignWindows {
  /** (n, C, T) float32, row-major */
  readonly windows: Float32Array;
  readonly shape: readonly [n: number, channels: number, length: number];
  /** (n, T): 1 where there is seizure; null where the file has no labels */
  readonly labels: Uint8Array | null;
  /** Of the file. */
  readonly sha256: string;
  readonly bytes: number;
}

interface ForeignMember {
  readonly name: string;
  readonly method: number;
  readonly compressed: number;
  readonly size: number;
  /** Of the content, not compressed. */
  readonly crc32: number;
  readonly local: number;
}

interface ForeignArray {
  readonly dtype: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  readonly elements: Buffer;
}

const LARGEST = 8 * 2 ** 30;
const LARGEST_HEADER = 65_536;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;
const ZIP64_FIELD = 1;
const STORED = 0;
const DEFLATED = 8;

/** How an element is read, by NumPy's name of its type; anything else, such as objects, is refused. */
const ELEMENTS: Readonly<Record<string, { bytes: number; at: (view: DataView, offset: number) => number }>> =
  {
    '<f2': { bytes: 2, at: (view, offset) => view.getFloat16(offset, true) },
    '<f4': { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) },
    '<f8': { bytes: 8, at: (view, offset) => view.getFloat64(offset, true) },
    '<u2': { bytes: 2, at: (view, offset) => view.getUint16(offset, true) },
    '<u4': { bytes: 4, at: (view, offset) => view.getUint32(offset, true) },
    '<u8': { bytes: 8, at: (view, offset) => Number(view.getBigUint64(offset, true)) },
    '<i2': { bytes: 2, at: (view, offset) => view.getInt16(offset, true) },
    '<i4': { bytes: 4, at: (view, offset) => view.getInt32(offset, true) },
    '<i8': { bytes: 8, at: (view, offset) => Number(view.getBigInt64(offset, true)) },
    '|i1': { bytes: 1, at: (view, offset) => view.getInt8(offset) },
    '|u1': { bytes: 1, at: (view, offset) => view.getUint8(offset) },
    '|b1': { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  };

/** Whether a file is of this kind rather than a bgb entry: its directory lists `windows.npy`. */
export function isForeign(path: string): boolean {
  try {
    using file = new ArchiveFile(path);
    return membersOf(file).some(({ name }) => name === 'windows.npy');
  } catch {
    return false;
  }
}

/**
 * Reads such a file whole.
 *
 * @throws InputError `CACHE_FOREIGN` naming the file and what is wrong with it; nothing is allocated for sizes that
 * the file cannot have
 * @param freeBytes memory that is free; half of it may be taken
 */
export function readForeign(path: string, freeBytes = freemem()): ForeignWindows {
  using file = new ArchiveFile(path);
  const members = membersOf(file);
  const most = Math.min(LARGEST, freeBytes / 2);
  if (file.size > most) refuse(path, `it has ${file.size} bytes, more than half of the memory that is free`);
  const bytes = file.read(0, file.size);
  const member = (name: string) => members.find((each) => each.name === name);
  const read = (each: ForeignMember) => arrayOf(bytes, each, path, most - file.size);
  const windows = read(member('windows.npy') ?? refuse(path, 'it has no windows.npy'));
  const shape = windows.shape;
  if (shape.length !== 3 || shape.includes(0))
    refuse(path, `windows has the shape (${shape.join(', ')}), expected (windows, channels, samples)`);
  const [n, channels, length] = shape as [number, number, number];
  const found = member('labels.npy');
  return {
    windows: toFloat32(windows),
    shape: [n, channels, length],
    labels: found === undefined ? null : labelsOf(read(found), [n, length], path),
    sha256: sha256(bytes),
    bytes: bytes.length,
  };
}

function labelsOf(array: ForeignArray, [n, length]: [number, number], path: string): Uint8Array {
  const shape = array.shape.join();
  if (shape !== `${n},${length}` && shape !== `${n}` && shape !== `${n},1`)
    refuse(path, `labels has the shape (${array.shape.join(', ')}), expected (${n}, ${length}) or (${n})`);
  const values = toFloat32(array);
  const perWindow = values.length / n;
  return Uint8Array.from({ length: n * length }, (_, i) => {
    const value = values[perWindow === 1 ? Math.floor(i / length) : i]!;
    if (Number.isNaN(value)) refuse(path, 'labels holds NaN');
    return value > 0.5 ? 1 : 0;
  });
}

/** The elements in row-major order. */
function toFloat32({ dtype, isFortran, shape, elements }: ForeignArray): Float32Array {
  const { bytes, at } = ELEMENTS[dtype]!;
  const isAligned = elements.byteOffset % 4 === 0;
  if (dtype === '<f4' && !isFortran && isAligned)
    return new Float32Array(elements.buffer, elements.byteOffset, elements.byteLength / 4);
  const view = new DataView(elements.buffer, elements.byteOffset, elements.byteLength);
  const count = elements.byteLength / bytes;
  if (!isFortran) return Float32Array.from({ length: count }, (_, i) => at(view, i * bytes));
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return Float32Array.from({ length: count }, (_, i) => {
    let [rest, place] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return at(view, place * bytes);
  });
}

/** A file read by places: only its directory is read to tell what it is. */
class ArchiveFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #file: number;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      // Node reads 2 GiB at once at most.
      const read = readSync(this.#file, bytes, done, Math.min(length - done, 2 ** 30), position + done);
      if (read === 0) refuse(this.path, `it became shorter than ${position + length} bytes`);
      done += read;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** A directory of more bytes is none. */
const LARGEST_DIRECTORY = 1 << 20;

function membersOf(file: ArchiveFile): ForeignMember[] {
  const { path, size: fileBytes } = file;
  // A comment of up to 64 KiB may follow the end record.
  const tailAt = Math.max(0, fileBytes - 65_557);
  const tail = file.read(tailAt, fileBytes - tailAt);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) refuse(path, 'it is no .npz, or is cut off');
  const directoryAt = tail.readUInt32LE(end + 16);
  const directoryBytes = tailAt + end - directoryAt;
  if (directoryBytes < 0 || directoryBytes > LARGEST_DIRECTORY)
    refuse(path, `its directory cannot lie at byte ${directoryAt}`);
  const bytes = file.read(directoryAt, directoryBytes);
  const members: ForeignMember[] = [];
  let at = 0;
  for (let count = tail.readUInt16LE(end + 10); count > 0; count--) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL)
      refuse(path, `its directory is damaged at byte ${directoryAt + at}`);
    const nameBytes = bytes.readUInt16LE(at + 28);
    const extraBytes = bytes.readUInt16LE(at + 30);
    const next = at + 46 + nameBytes + extraBytes + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) refuse(path, `its directory is damaged at byte ${directoryAt + at}`);
    const large = zip64Values(bytes.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes));
    const value = (place: number) => {
      const short = bytes.readUInt32LE(at + place);
      return short === 0xffff_ffff
        ? (large.shift() ?? refuse(path, 'a size is missing in its directory'))
        : short;
    };
    // In the order in which ZIP64 lists them.
    const size = value(24);
    const compressed = value(20);
    const local = value(42);
    members.push({
      name: bytes.toString('latin1', at + 46, at + 46 + nameBytes),
      method: bytes.readUInt16LE(at + 10),
      compressed,
      size,
      crc32: bytes.readUInt32LE(at + 16),
      local,
    });
    at = next;
  }
  return members;
}

function zip64Values(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64_FIELD) continue;
    const bytes = Math.min(extra.readUInt16LE(at + 2), extra.length - at - 4);
    return Array.from({ length: Math.floor(bytes / 8) }, (_, i) =>
      Number(extra.readBigUInt64LE(at + 4 + 8 * i)),
    );
  }
  return [];
}

/** @param most bytes that may be taken for it */
function arrayOf(bytes: Buffer, member: ForeignMember, path: string, most: number): ForeignArray {
  const { name, method, compressed, size, local } = member;
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL)
    refuse(path, `${name} is not where the directory says`);
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (from + compressed > bytes.length) refuse(path, `${name} reaches past the end of the file`);
  const packed = bytes.subarray(from, from + compressed);
  if (method !== STORED && method !== DEFLATED)
    refuse(path, `${name} is compressed in a way that NumPy does not use`);
  // A deflated stream cannot hold more than 1,032 times its own bytes (zlib's technical details).
  if (method === STORED ? size !== compressed : size > 1032 * compressed + 1024)
    refuse(path, `${name} lies about its size: ${compressed} bytes cannot hold ${size}`);

  const head = method === STORED ? packed.subarray(0, LARGEST_HEADER) : inflatedHead(packed, name, path);
  const { headerBytes, ...header } = headerOf(head, name, path);
  const element = ELEMENTS[header.dtype];
  if (element === undefined)
    refuse(path, `${name} holds elements of type ${header.dtype}; expected plain numbers, little-endian`);
  const expected = header.shape.reduce((product, each) => product * each, element.bytes) + headerBytes;
  if (expected !== size)
    refuse(
      path,
      `${name} lies about its size: its shape needs ${expected} bytes, the directory says ${size}`,
    );
  const needed = memoryFor(size, element.bytes);
  if (needed > most)
    refuse(
      path,
      `${name} has ${size} bytes, to read which takes ${needed}, more than half of the memory that is free`,
    );
  const content = method === STORED ? packed : inflated(packed, size, name, path);
  if (crc32(content) !== member.crc32) refuse(path, `the checksum of ${name} is wrong`);
  return { ...header, elements: content.subarray(headerBytes) };
}

/**
 * The most bytes held at once on the way from `size` bytes to a recording: inflated in pieces and joined; elements beside
 * their float32; windows beside the recording as float32 and int16.
 */
function memoryFor(size: number, elementBytes: number): number {
  const floats = (4 * size) / elementBytes;
  return Math.ceil(Math.max(2 * size, size + floats, 2.5 * floats));
}

function headerOf(head: Buffer, name: string, path: string) {
  const version = head[6];
  const isNpy =
    head.toString('latin1', 0, 6) === '\x93NUMPY' && (version === 1 || version === 2 || version === 3);
  if (!isNpy || head.length < 12) refuse(path, `${name} is no .npy array`);
  const start = version === 1 ? 10 : 12;
  const headerBytes = start + (version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8));
  const text = head.toString('latin1', start, headerBytes);
  const dtype = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (headerBytes > head.length || dtype === undefined || order === undefined || shape === undefined)
    return refuse(
      path,
      `${name} has the header ${JSON.stringify(text.slice(0, 100))}, expected plain numbers`,
    );
  return {
    dtype,
    isFortran: order === 'True',
    shape: shape.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)])),
    headerBytes,
  };
}

function inflatedHead(packed: Buffer, name: string, path: string): Buffer {
  try {
    return inflateRawSync(packed.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    return refuse(path, `${name} cannot be inflated: ${messageOf(error)}`);
  }
}

function inflated(packed: Buffer, size: number, name: string, path: string): Buffer {
  try {
    const content = inflateRawSync(packed, { maxOutputLength: size });
    if (content.length === size) return content;
  } catch (error) {
    return refuse(path, `${name} cannot be inflated to ${size} bytes: ${messageOf(error)}`);
  }
  return refuse(path, `${name} is shorter than the ${size} bytes that the directory says`);
}

function refuse(path: string, reason: string): never {
  throw new InputError('CACHE_FOREIGN', `${path} cannot be used: ${reason}. Make it again, or remove it.`);
}
