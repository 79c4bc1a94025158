import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Writes a file so that a reader, or a crash at any moment, sees either the old content or the whole new
 * one: a temporary name beside it, fsync, rename, fsync of the folder. What is no file, such as /dev/stdout, /dev/null or a pipe,
 * is written into instead of being replaced, which root could do.
 */
export async function writeAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomicWith(path, async (file) => {
    await file.writeFile(content);
  });
}

/** As {@link writeAtomic}, with the content written by `write` into the open temporary file. */
export async function writeAtomicWith(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  if (await isNoFile(path)) {
    await using device = await open(path, 'w');
    return await write(device).catch((error) => {
      throw naming(error, path);
    });
  }
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, temporaryName(path));
  const file = await open(temporary, 'wx');
  try {
    await write(file);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw naming(error, path);
  }
  await syncFolder(folder);
}

/** The system's error of an open file, such as a full disk's, names none: with the path that was to be written. */
function naming(error: unknown, path: string): unknown {
  const refusal = error instanceof Error ? (error as NodeJS.ErrnoException) : null;
  return refusal?.syscall === undefined || refusal.path !== undefined
    ? error
    : Object.assign(refusal, { path });
}

/** Whether a path names a device, a pipe or a socket, or is a link of /dev, such as /dev/stdout, whatever it leads to. */
async function isNoFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found !== null && !found.isFile() && !found.isDirectory()) return true;
  if (dirname(resolve(path)) !== '/dev') return false;
  return (await lstat(path).catch(() => null))?.isSymbolicLink() === true;
}

/** Gives a file a second name in its folder, replacing what has that name; false where the file system has no such links. */
export async function linkAtomic(path: string, to: string): Promise<boolean> {
  const temporary = join(dirname(to), temporaryName(to));
  try {
    await link(path, temporary);
  } catch {
    return false;
  }
  await rename(temporary, to);
  // Renaming does nothing where both are names of one file already.
  await rm(temporary, { force: true });
  await syncFolder(dirname(to));
  return true;
}

/**
 * As `mkdir -p`. Node's own never ends where the system says ENOENT below a folder that is there, as in /proc.
 *
 * @returns the first folder that had to be made; null where all were there
 */
export async function makeFolder(folder: string): Promise<string | null> {
  const found = (path: string) => stat(path).catch(() => null);
  const isThere = async () => (await found(folder))?.isDirectory() === true;
  if (await isThere()) return null;
  const parent = dirname(folder);
  const made = parent === folder || (await found(parent)) !== null ? null : await makeFolder(parent);
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another process may have made it meanwhile; a file of that name stays an error.
    if (error.code !== 'EEXIST' || !(await isThere())) throw error;
  });
  return made ?? folder;
}

const TEMPORARY = /^\.(.+)\.[0-9a-f]{12}\.tmp$/;

/** Whether a file name is one that an interrupted {@link writeAtomic} can leave behind. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Removes what interrupted writes left below a folder, once it is so old that nobody can still be writing it.
 * A folder that is not there holds nothing.
 */
export async function removeStaleTemporaries(folder: string, olderThanS = 900): Promise<void> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of found) {
    if (!entry.isFile() || !isTemporaryName(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const changed = await stat(path).catch(() => null);
    if (changed !== null && Date.now() - changed.mtimeMs > olderThanS * 1000) await rm(path, { force: true });
  }
}

function temporaryName(path: string): string {
  return `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch {
    // Some network and FUSE mounts refuse to sync a folder; the rename itself is still atomic there.
  } finally {
    await handle.close();
  }
}
