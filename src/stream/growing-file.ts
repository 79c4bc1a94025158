import { setTimeout as sleep } from 'node:timers/promises';
import { openFile } from '../edf/index.ts';
import { InputError } from '../errors.ts';

const PIECE_BYTES = 256 << 10;
/** Where an EDF or BDF header has the number of data records (EDF specification, 1992). */
const RECORDS_FIELD = { at: 236, length: 8 };

export interface GrowingFileOptions {
  /** Go on at the end of the file, for what is still being written. */
  readonly isFollowing: boolean;
  /** Following ends when nothing was written for so long; s. */
  readonly idleTimeoutS: number;
  /** Between looks at a file that did not grow; s. */
  readonly pollS: number;
  readonly signal: AbortSignal;
  /** Whether nothing can follow, now that the header counts so many data records. */
  readonly isComplete: (declaredRecords: number) => boolean;
}

/**
 * The bytes of an EDF or BDF file, and those that are appended to it. Recorders leave the number of data records in the
 * header open (-1) until the end: once it is set and that many are read, the file is finished.
 *
 * @throws InputError `EDF_READ` for a file that cannot be read; `STREAM_SHRUNK` for one that became shorter; the
 * signal's reason once it is aborted
 */
export async function* growingFile(
  path: string,
  { isFollowing, idleTimeoutS, pollS, signal, isComplete }: GrowingFileOptions,
): AsyncGenerator<Uint8Array> {
  await using file = await openFile(path);
  let position = 0;
  let idleS = 0;
  for (;;) {
    signal.throwIfAborted();
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, position);
    if (bytesRead > 0) {
      position += bytesRead;
      idleS = 0;
      yield buffer.subarray(0, bytesRead);
      continue;
    }
    if (!isFollowing) return;
    const { size } = await file.stat();
    if (size < position)
      throw new InputError(
        'STREAM_SHRUNK',
        `${path}: expected at least the ${position} bytes that were read, found ${size}: it was written anew while it was followed. What was said holds for what it was; start again.`,
      );
    const field = Buffer.alloc(RECORDS_FIELD.length);
    await file.read(field, 0, RECORDS_FIELD.length, RECORDS_FIELD.at);
    if (isComplete(Number.parseInt(field.toString('latin1'), 10)) || idleS >= idleTimeoutS) return;
    await sleep(1000 * pollS, undefined, { signal });
    idleS += pollS;
  }
}
