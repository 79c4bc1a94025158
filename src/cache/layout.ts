import { statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { isTemporaryName } from '../files/index.ts';

/**
 * A split's folder: the cache folder itself where its name is the split's, else a folder of that name in it. The dev split
 * of a cache made elsewhere may be called val.
 *
 * @throws InputError `CACHE_SPLITS` for dev beside val
 */
export function splitFolder(cacheDir: string, split: Split): string {
  const own = splitNamed(basename(resolve(cacheDir)));
  if (own === split) return cacheDir;
  // A split's own folder was given: its sisters lie beside it.
  return folderBelow(own === null ? cacheDir : join(cacheDir, '..'), split);
}

function folderBelow(root: string, split: Split): string {
  const [folder, alias] = [join(root, split), join(root, ALIAS)];
  if (split !== 'dev' || !isFolder(alias)) return folder;
  if (!isFolder(folder)) return alias;
  throw new InputError(
    'CACHE_SPLITS',
    `${root} has both dev and ${ALIAS}, two names of one split. Keep one of them.`,
  );
}

/**
 * The splits that a cache folder holds, as `[split or null, folder]`: its sub-folders, or itself.
 *
 * @throws InputError `CACHE_SPLITS` for dev beside val
 */
export async function splitFolders(cacheDir: string): Promise<[Split | null, string][]> {
  const folders = (await list(cacheDir)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const splits = SPLITS.filter((split) => folders.some((name) => splitNamed(name) === split));
  if (splits.length === 0) return [[splitNamed(basename(resolve(cacheDir))), cacheDir]];
  return splits.map((split) => [split, folderBelow(cacheDir, split)]);
}

/** What caches made elsewhere may call dev. */
const ALIAS = 'val';

function splitNamed(name: string): Split | null {
  return name === ALIAS ? 'dev' : (SPLITS.find((split) => split === name) ?? null);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
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
  return entries
    .filter((entry) => !entry.isDirectory() && matches(entry.name) && !isTemporaryName(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function list(folder: string, recursive = false) {
  try {
    return await readdir(folder, { withFileTypes: true, recursive });
  } catch (cause) {
    throw new InputError('DATA_FOLDER', `Cannot read the folder ${folder}: ${messageOf(cause)}.`, { cause });
  }
}
