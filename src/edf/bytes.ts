import { type FileHandle, open, stat } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';

/** One read(2) takes at most 2 GiB. */
const MOST_PER_READ = 1 << 30;
const AT_ONCE = 32;
/** Bytes that cost less to read along than to skip: one page. */
export const READ_ALONG_BYTES = 4096;
const BLOCK_BYTES = 8 << 20;

/** Opens a file for reading. @throws InputError `EDF_READ` when it cannot be, or is no file */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    // Asked before it is opened: opening a named pipe waits for somebody to write to it.
    if ((await stat(path)).isFile()) return await open(path, 'r');
  } catch (cause) {
    throw new InputError(
      'EDF_READ',
      `Cannot read ${path}: ${messageOf(cause)}. Check the path and its permissions.`,
      { cause },
    );
  }
  throw new InputError('EDF_READ', `${path} is not a file. Name an EDF or BDF recording.`);
}

/** Reads exactly `length` bytes at `position`. @throws InputError `EDF_READ` for a short or failed read */
export async function readBytes(
  file: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  await readInto(file, position, bytes, path);
  return bytes;
}

async function readInto(file: FileHandle, position: number, bytes: Buffer, path: string): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file
      .read(bytes, done, Math.min(bytes.length - done, MOST_PER_READ), position + done)
      .catch((cause: unknown) => {
        throw new InputError(
          'EDF_READ',
          `${path}: cannot read ${bytes.length} bytes at byte ${position}: ${messageOf(cause)}.`,
          { cause },
        );
      });
    if (bytesRead === 0)
      throw new InputError(
        'EDF_READ',
        `${path}: expected ${bytes.length} bytes at byte ${position}, found ${done}. The file has become shorter since it was opened; get it again.`,
      );
    done += bytesRead;
  }
}

/**
 * Reads `length` bytes at each of `count` positions, `stride` apart, into one buffer without gaps. What lies between
 * is read along where it is less than a page; otherwise several reads are under way at once, since one after the
 * other they cost a round trip each.
 */
export async function readStrided(
  file: FileHandle,
  position: number,
  stride: number,
  length: number,
  count: number,
  path: string,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length * count);
  if (stride === length) {
    await readInto(file, position, bytes, path);
  } else if (stride - length <= READ_ALONG_BYTES) {
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / stride));
    for (let first = 0; first < count; first += perBlock) {
      const records = Math.min(perBlock, count - first);
      const block = await readBytes(file, position + first * stride, (records - 1) * stride + length, path);
      for (let record = 0; record < records; record++)
        block.copy(bytes, (first + record) * length, record * stride, record * stride + length);
    }
  } else {
    for (let first = 0; first < count; first += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, at) => {
          const index = first + at;
          const slot = bytes.subarray(index * length, (index + 1) * length);
          return readInto(file, position + index * stride, slot, path);
        }),
      );
  }
  return bytes;
}
