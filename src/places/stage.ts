import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BgbError } from '../errors.ts';
import { sha256File } from '../files/index.ts';
import { counted } from '../words.ts';
import { workAtOnce } from './at-once.ts';

const AT_ONCE = 8;
const SAY_EVERY_MS = 10_000;

/**
 * Copies a cache to a faster disk, several files at once; each copy is read again and compared by SHA-256. What is there
 * already with the same size, and is newer, is taken as it is. Whatever fails ends all of it, and leaves whole files only: the
 * next call goes on with those that are missing.
 *
 * @throws BgbError `PLACE_STAGE` where a copy differs
 */
export async function stageCache(
  { from, to }: { readonly from: string; readonly to: string },
  { say, signal }: { readonly say: (text: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const files = await filesBelow(from);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const started = performance.now();
  let [done, saidAt] = [0, started];
  say(`Copying the cache ${from} to ${to}: ${counted(files.length, 'file')}, ${gigabytes(total)}`);
  await workAtOnce(files, { atOnce: AT_ONCE, signal }, async ({ path, size, mtimeMs }, stop) => {
    await copyFile(join(from, path), join(to, path), { size, mtimeMs }, stop);
    done += size;
    if (performance.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = performance.now();
    const rate = done / ((saidAt - started) / 1000);
    say(`Copying the cache  ${gigabytes(done)} of ${gigabytes(total)}  ${(rate / 1e6).toFixed(0)} MB/s  ${Math.round((total - done) / rate)} s left`); // biome-ignore format: one line
  });
  say(`The cache is on this machine's disk: every file compared by SHA-256, ${((performance.now() - started) / 1000).toFixed(1)} s`); // biome-ignore format: one line
}

async function copyFile(
  from: string,
  to: string,
  before: { size: number; mtimeMs: number },
  signal: AbortSignal,
): Promise<void> {
  const there = await stat(to).catch(() => null);
  if (there !== null && there.size === before.size && there.mtimeMs > before.mtimeMs) return;
  await mkdir(dirname(to), { recursive: true });
  const hash = createHash('sha256');
  const reading = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      callback(null, chunk);
    },
  });
  const temporary = `${to}.staging`;
  try {
    await pipeline(createReadStream(from), reading, createWriteStream(temporary), { signal });
    if ((await sha256File(temporary)) !== hash.digest('hex'))
      throw new BgbError(
        'PLACE_STAGE',
        `The copy of ${from} at ${to} differs from what was read. The disk of this machine may be failing: start the run again.`,
      );
    signal.throwIfAborted();
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function filesBelow(folder: string): Promise<{ path: string; size: number; mtimeMs: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(path);
      return { path: relative(folder, path), size, mtimeMs };
    }),
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
