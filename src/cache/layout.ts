import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { SPLITS, type Split, splitNamed } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { isTemporaryName } from '../files/index.ts';

/**
 * A split's folder: the cache folder itself where its name is the split's, else a folder of that name in it. `val` is
 * read as `dev` where there is no `dev` (failures C4).
 *
 * @throws InputError `CACHE_SPLITS` where both are there
 */
export function splitFolder(cacheDir: string, split: Split): string {
  const own = splitNamed(basename(resolve(cacheDir)));
  if (own === split) return cacheDir;
  // A split's own folder was given: its sisters lie beside it.
  const root = own === null ? cacheDir : join(cacheDir, '..');
  if (split !== 'dev' || !existsSync(join(root, 'val'))) return join(root, split);
  if (existsSync(join(root, 'dev'))) throw bothNames(root);
  return join(root, 'val');
}

/**
 * The splits that a cache folder holds, as `[split or null, folder]`: its sub-folders, also linked ones, or itself.
 *
 * @throws InputError `CACHE_SPLITS` where both dev and val are there
 */
export async function splitFolders(cacheDir: string): Promise<[Split | null, string][]> {
  const found: [Split, string][] = [];
  for (const { name } of await list(cacheDir)) {
    const split = splitNamed(name);
    const folder = join(cacheDir, name);
    if (split !== null && (await stat(folder).catch(() => null))?.isDirectory()) found.push([split, folder]);
  }
  if (found.filter(([split]) => split === 'dev').length > 1) throw bothNames(cacheDir);
  if (found.length === 0) return [[splitNamed(basename(resolve(cacheDir))), cacheDir]];
  return found.sort(([a], [b]) => SPLITS.indexOf(a) - SPLITS.indexOf(b));
}

function bothNames(folder: string): InputError {
  return new InputError('CACHE_SPLITS', `${folder} has both dev and val, two names of one split. Keep one.`);
}

/** Cache entries below a folder, relative to it, sorted; none where there is no such folder. */
export async function listEntries(folder: string): Promise<string[]> {
  if ((await stat(folder).catch(() => null)) === null) return [];
  return listFiles(folder, (name) => name.endsWith('.npz'));
}

/**
 * Checks that entries lie in their folder, through whatever links: others are never opened.
 *
 * @throws InputError `CACHE_OUTSIDE` naming the first that does not
 */
export async function requireInside(folder: string, names: Iterable<string>): Promise<void> {
  const root = await realpath(folder).catch(() => resolve(folder));
  for (const name of names) {
    const leavesByName = isAbsolute(name) || name.split(/[\\/]/).includes('..');
    const target = leavesByName ? null : await realpath(join(folder, name)).catch(() => join(root, name));
    if (target === null || !target.startsWith(join(root, sep)))
      throw new InputError(
        'CACHE_OUTSIDE',
        `${JSON.stringify(name)} leads out of the cache folder ${folder}. It is not opened, and a manifest that lists it is not repaired. If it is your own, copy the entry there and run bgb scan-cache.`,
      );
  }
}

async function listFiles(folder: string, matches: (name: string) => boolean): Promise<string[]> {
  const entries = await list(folder, true);
  return (
    entries
      // Pipes and devices are no entries: opening one would wait for ever.
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .filter((entry) => matches(entry.name) && !isTemporaryName(entry.name))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort()
  );
}

async function list(folder: string, recursive = false) {
  try {
    return await readdir(folder, { withFileTypes: true, recursive });
  } catch (cause) {
    throw new InputError('DATA_FOLDER', `Cannot read the folder ${folder}: ${messageOf(cause)}.`, { cause });
  }
}
