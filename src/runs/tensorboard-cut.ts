import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { masked } from './tensorboard.ts';

/**
 * Cuts the event files of a run back to their first records, as they were when a checkpoint counted them. What is torn at
 * the end of a file by a crash is cut, too.
 *
 * @returns how many records are left, which is less than `keep` only where files are gone or damaged
 */
export function cutTensorboard(folder: string, keep: number): number {
  if (!existsSync(folder)) return 0;
  let kept = 0;
  for (const name of readdirSync(folder).sort(inOrderOfMaking)) {
    const path = join(folder, name);
    if (kept >= keep) {
      rmSync(path);
      continue;
    }
    kept += cutFile(path, keep - kept);
  }
  return kept;
}

/** By the second and the number in `events.out.tfevents.SECONDS.bgb.NUMBER`. */
function inOrderOfMaking(a: string, b: string): number {
  const parts = (name: string) => [...name.matchAll(/\d+/g)].map(Number);
  const [[secondsA = 0, numberA = 0], [secondsB = 0, numberB = 0]] = [parts(a), parts(b)] as const;
  return secondsA - secondsB || numberA - numberB;
}

/** Keeps at most so many records of a file; returns how many it has then. */
function cutFile(path: string, keep: number): number {
  const file = openSync(path, 'r+');
  try {
    let records = 0;
    let end = 0;
    for (; records < keep; records++) {
      const length = recordAt(file, end);
      if (length === null) break;
      end += length;
    }
    ftruncateSync(file, end);
    fsyncSync(file);
    return records;
  } finally {
    closeSync(file);
  }
}

/** Bytes of the whole record that starts there; null where there is none. */
function recordAt(file: number, start: number): number | null {
  const head = Buffer.alloc(12);
  if (readSync(file, head, 0, 12, start) < 12) return null;
  if (head.readUInt32LE(8) !== masked(crc32c(head.subarray(0, 8)))) return null;
  const length = Number(head.readBigUInt64LE(0));
  const rest = Buffer.alloc(length + 4);
  if (readSync(file, rest, 0, rest.byteLength, start + 12) < rest.byteLength) return null;
  if (rest.readUInt32LE(length) !== masked(crc32c(rest.subarray(0, length)))) return null;
  return 16 + length;
}
