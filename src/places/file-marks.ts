import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canonicalJson, isTemporaryName, sha256, sha256File } from '../files/index.ts';
import { REMOTE_FILE, RUN_FILES } from '../runs/index.ts';
import { workAtOnce } from './at-once.ts';
import type { Container } from './place.ts';
import { mustExecute } from './remote-files.ts';

/** What a file holds, by its path in a folder. */
export interface FileMark {
  readonly size: number;
  readonly sha256: string;
}

export type FileMarks = ReadonlyMap<string, FileMark>;

/** Suffix of a file that is being copied. */
export const PART = '.bgb-part';
/** Says at the destination of a copy what is being copied there. */
export const TRANSFER = '.bgb-transfer.json';

const HASHED_AT_ONCE = 4;

/** Sizes and hashes of all files below a folder, four hashed at once; what is half written or half copied is left out. */
const LIST = `cd "$0" 2> /dev/null || exit 0
find . -type f -printf '%s %P\\0'
printf '\\0'
find . -type f ! -name '*${PART}' -print0 | xargs -0 -r -P 4 -n 8 sha256sum -z`;

/** Marks of the files below a folder of the results; sizes of those half copied are in `parts`. */
export async function marksThere(
  container: Container,
  folder: string,
): Promise<{ marks: FileMarks; parts: ReadonlyMap<string, number> }> {
  const { output } = await mustExecute(container, ['sh', '-c', LIST, folder]);
  const [sizes = '', hashes = ''] = output.toString('utf8').split('\0\0', 2);
  const sizeOf = new Map(
    sizes
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => [line.slice(line.indexOf(' ') + 1), Number(line.slice(0, line.indexOf(' ')))]),
  );
  const marks = new Map<string, FileMark>();
  for (const line of hashes.split('\0')) {
    const [, hash, path] = /^\\?([0-9a-f]{64}) [ *]\.\/(.*)$/s.exec(line) ?? [];
    if (hash !== undefined && isWorth(path!))
      marks.set(path!, { size: sizeOf.get(path!) ?? 0, sha256: hash });
  }
  const parts = [...sizeOf].flatMap(([path, size]) =>
    path.endsWith(PART) ? [[path.slice(0, -PART.length), size] as const] : [],
  );
  return { marks, parts: new Map(parts) };
}

/** As {@link marksThere}, of a folder of this machine. */
export async function marksHere(
  folder: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ marks: FileMarks; parts: ReadonlyMap<string, number> }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const marks = new Map<string, FileMark>();
  const parts = new Map<string, number>();
  const files = entries.filter((entry) => entry.isFile());
  await workAtOnce(files, { atOnce: HASHED_AT_ONCE, signal }, async (entry) => {
    const whole = join(entry.parentPath, entry.name);
    const path = relative(folder, whole);
    const { size } = await stat(whole);
    if (path.endsWith(PART)) parts.set(path.slice(0, -PART.length), size);
    else if (isWorth(path)) marks.set(path, { size, sha256: await sha256File(whole) });
  });
  return { marks, parts };
}

/** One hash for all of it, the same on both sides. */
export function versionOf(marks: FileMarks): string {
  return sha256(canonicalJson(Object.fromEntries(marks))).slice(0, 16);
}

function isWorth(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return ![TRANSFER, RUN_FILES.lock, REMOTE_FILE].includes(name) && !isTemporaryName(name);
}
