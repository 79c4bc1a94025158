import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import { isTemporaryName } from '../files/index.ts';

/**
 * Recordings below a folder, relative to it, sorted. Links to folders are followed, each folder once: corpora are often
 * linked into place, and a link passed over would be recordings lost in silence (failures B5).
 *
 * @throws InputError `DATA_FOLDER` for a folder that cannot be read
 */
export async function listRecordings(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visited = new Set<string>();
  const visit = async (at: string): Promise<void> => {
    const place = await read(at, (path) => realpath(path));
    if (visited.has(place)) return;
    visited.add(place);
    for (const entry of await read(at, (path) => readdir(path, { withFileTypes: true }))) {
      const path = join(at, entry.name);
      const isLinkedFolder =
        entry.isSymbolicLink() && ((await stat(path).catch(() => null))?.isDirectory() ?? false);
      if (entry.isDirectory() || isLinkedFolder) await visit(path);
      else if (isRecordingName(entry.name)) found.push(relative(folder, path));
    }
  };
  await visit(folder);
  return found.sort();
}

/** `._x.edf` is what macOS leaves beside x.edf on other file systems, not a recording. */
function isRecordingName(name: string): boolean {
  return /\.(edf|bdf)$/i.test(name) && !name.startsWith('._') && !isTemporaryName(name);
}

async function read<T>(path: string, reading: (path: string) => Promise<T>): Promise<T> {
  try {
    return await reading(path);
  } catch (cause) {
    throw new InputError('DATA_FOLDER', `Cannot read the folder ${path}: ${messageOf(cause)}.`, { cause });
  }
}
