/**
 * Uncompressed .npz: a zip archive of .npy members that `numpy.load` reads. Members of a page or more begin
 * at multiples of 4,096 bytes, by padding in the zip extra field (APPNOTE 6.3.10, section 4.5), so that part of an array is one
 * positioned read. Array format 1.0 (NumPy enhancement proposal 1).
 */
import { crc32 } from 'node:zlib';
import { BgbError, InputError } from '../errors.ts';

/** A member found in an archive. */
export interface Member {
  readonly name: string;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly crc32: number;
}

const PAGE = 4096;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
/** Private use; readers skip extra fields that they do not know. */
const PADDING_ID = 0x4762;
const LARGEST = 0xffff_fffe;

/** Reads a .npy header. @throws InputError `CACHE_NPY` */
export function parseNpyHeader(
  bytes: Buffer,
  where: string,
): { dtype: string; shape: number[]; headerBytes: number } {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 8) !== '\x93NUMPY\x01\x00')
    throw new InputError(
      'CACHE_NPY',
      `${where}: expected a .npy header of version 1.0, found '${bytes.toString('latin1', 0, 8).replace(/[^\x20-\x7e]/g, '?')}'.`,
    );
  const headerBytes = 10 + bytes.readUInt16LE(8);
  const text = bytes.toString('latin1', 10, headerBytes);
  const match = /^\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(text);
  if (match === null || bytes.length < headerBytes)
    throw new InputError(
      'CACHE_NPY',
      `${where}: expected a row-major array, found the header '${text.slice(0, 100)}'.`,
    );
  const shape = match[2]!
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  return { dtype: match[1]!, shape, headerBytes };
}

/** The pieces of an archive in file order; together they are the file. */
export function archive(members: ReadonlyMap<string, readonly Uint8Array[]>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const central: Buffer[] = [];
  let at = 0;
  const push = (piece: Uint8Array) => {
    pieces.push(piece);
    at += piece.byteLength;
  };
  for (const [name, parts] of members) {
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const checksum = parts.reduce((sum, part) => crc32(part, sum), 0);
    const unpadded = at + LOCAL_BYTES + name.length + 4;
    const alignment = size >= PAGE ? PAGE : 64;
    const padding = (alignment - (unpadded % alignment)) % alignment;
    if (unpadded + padding + size > LARGEST)
      throw new BgbError('CACHE_SIZE', `an entry of more than 4 GiB is not supported; split the recording`);
    const fields = (buffer: Buffer, from: number) => {
      buffer.writeUInt16LE(20, from); // version needed
      buffer.writeUInt16LE(0, from + 2); // flags
      buffer.writeUInt16LE(0, from + 4); // stored
      buffer.writeUInt32LE(0x00210000, from + 6); // 1980-01-01, so that equal content is equal bytes
      buffer.writeUInt32LE(checksum, from + 10);
      buffer.writeUInt32LE(size, from + 14);
      buffer.writeUInt32LE(size, from + 18);
      buffer.writeUInt16LE(name.length, from + 22);
    };
    const entry = Buffer.alloc(CENTRAL_BYTES + name.length);
    entry.writeUInt32LE(CENTRAL, 0);
    entry.writeUInt16LE(20, 4);
    fields(entry, 6);
    entry.writeUInt32LE(at, 42);
    entry.write(name, CENTRAL_BYTES, 'latin1');
    central.push(entry);
    const local = Buffer.alloc(LOCAL_BYTES + name.length + 4 + padding);
    local.writeUInt32LE(LOCAL, 0);
    fields(local, 4);
    local.writeUInt16LE(4 + padding, 28);
    local.write(name, LOCAL_BYTES, 'latin1');
    local.writeUInt16LE(PADDING_ID, LOCAL_BYTES + name.length);
    local.writeUInt16LE(padding, LOCAL_BYTES + name.length + 2);
    push(local);
    for (const part of parts) push(part);
  }
  const centralAt = at;
  for (const entry of central) push(entry);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(at - centralAt, 12);
  end.writeUInt32LE(centralAt, 16);
  push(end);
  return pieces;
}

/** Where an archive's directory lies, from its last 22 bytes. @throws InputError `CACHE_NPZ` */
export function parseEnd(
  end: Buffer,
  size: number,
  path: string,
): { offset: number; bytes: number; count: number } {
  const isEnd = end.length === END_BYTES && end.readUInt32LE(0) === END;
  const bytes = isEnd ? end.readUInt32LE(12) : 0;
  const offset = isEnd ? end.readUInt32LE(16) : 0;
  if (!isEnd || offset + bytes + END_BYTES !== size)
    throw new InputError(
      'CACHE_NPZ',
      `${path}: expected the end of a .npz of ${size} bytes; it is cut off or another kind of file. Build the entry again.`,
    );
  return { offset, bytes, count: end.readUInt16LE(10) };
}

/** A member in the directory; `local` is where its own header lies. */
export type DirectoryMember = Omit<Member, 'offset'> & { readonly local: number };

/** The members of an archive that {@link archive} wrote. @throws InputError `CACHE_NPZ` */
export function parseDirectory(directory: Buffer, count: number, path: string): DirectoryMember[] {
  const members: DirectoryMember[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > directory.length || directory.readUInt32LE(at) !== CENTRAL)
      throw new InputError(
        'CACHE_NPZ',
        `${path}: expected ${count} members in its directory, found ${index}. Build the entry again.`,
      );
    const nameLength = directory.readUInt16LE(at + 28);
    const extra = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    const name = directory.toString('latin1', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength);
    if (directory.readUInt16LE(at + 10) !== 0)
      throw new InputError(
        'CACHE_NPZ',
        `${path}: member ${name} is compressed; bgb stores entries uncompressed. Build the entry again.`,
      );
    members.push({
      name,
      bytes: directory.readUInt32LE(at + 20),
      crc32: directory.readUInt32LE(at + 16),
      local: directory.readUInt32LE(at + 42),
    });
    at += CENTRAL_BYTES + nameLength + extra;
  }
  return members;
}

/** First byte of a member's content, from its local header. @throws InputError `CACHE_NPZ` */
export function contentOffset(local: Buffer, localAt: number, name: string, path: string): number {
  if (local.length < LOCAL_BYTES || local.readUInt32LE(0) !== LOCAL)
    throw new InputError(
      'CACHE_NPZ',
      `${path}: expected member ${name} at byte ${localAt}. Build the entry again.`,
    );
  return localAt + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
}
