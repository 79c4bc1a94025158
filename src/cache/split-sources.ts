import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { SPLITS, type Split, splitNamed } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { listRecordings } from './recordings.ts';

/** Recordings below one folder. */
export interface Source {
  readonly root: string;
  /** Relative to `root`. */
  readonly names: readonly string[];
  /** Where the corpus itself says which split they are of. */
  readonly official: Split | null;
  /** What tells the data folder from the others. */
  readonly label: string;
}

/**
 * The recordings of data folders, by the corpus's own splits where it has some: folders train, dev (or val) and eval
 * below the data folder; or beside it, where it is `train` with a `dev` beside it. A data folder that is the `dev` or
 * `eval` beside a `train` is that split alone.
 *
 * @param isUndivided take each data folder as it is
 * @throws InputError `DATA_FOLDER`, `DATA_EMPTY`, `DATA_SPLITS`
 */
export async function findSources(
  dataDirs: readonly string[],
  { isUndivided = false } = {},
): Promise<Source[]> {
  const folders = dataDirs.map((folder) => resolve(folder));
  for (const [index, folder] of folders.entries())
    for (const other of folders.slice(index + 1))
      if (`${folder}${sep}`.startsWith(`${other}${sep}`) || `${other}${sep}`.startsWith(`${folder}${sep}`))
        throw new InputError(
          'DATA_SPLITS',
          `The data folders ${folder} and ${other} share recordings: one is or holds the other. Give each once.`,
        );
  const labels = labelsOf(folders);
  const sources: Source[] = [];
  for (const [index, dataDir] of dataDirs.entries())
    for (const source of isUndivided ? [await wholeOf(dataDir)] : await sourcesOf(dataDir))
      sources.push({ ...source, label: labels[index]! });
  return sources;
}

type Unlabelled = Omit<Source, 'label'>;

async function sourcesOf(dataDir: string): Promise<Unlabelled[]> {
  const own = splitNamed(basename(resolve(dataDir)));
  if (own !== null) {
    const beside = await officialFolders(dirname(resolve(dataDir)));
    const has = (name: Split) => beside.some(([split]) => split === name);
    if (own === 'train' && has('dev'))
      return officialSources([['train', dataDir], ...beside.filter(([split]) => split !== 'train')]);
    if (own !== 'train' && has('train')) return officialSources([[own, dataDir]]);
  }
  const names = await listRecordings(dataDir);
  const inside = (await officialFolders(dataDir)).filter(([, folder]) =>
    names.some((name) => name.startsWith(`${basename(folder)}/`)),
  );
  if (inside.length === 0) return [{ root: dataDir, names, official: null }];
  const outside = names.find((name) => !inside.some(([, folder]) => name.startsWith(`${basename(folder)}/`)));
  if (outside !== undefined)
    throw new InputError(
      'DATA_SPLITS',
      `${dataDir} has splits of its own (${inside.map(([, folder]) => basename(folder)).join(', ')}), but ${outside} is in none of them. Move it into one, or give the folders one by one with --split.`,
    );
  return officialSources(await officialFolders(dataDir));
}

async function wholeOf(dataDir: string): Promise<Unlabelled> {
  return { root: dataDir, names: await listRecordings(dataDir), official: null };
}

async function officialSources(folders: readonly [Split, string][]): Promise<Unlabelled[]> {
  const sources: Unlabelled[] = [];
  for (const [official, root] of folders) {
    const names = await listRecordings(root);
    if (names.length === 0)
      throw new InputError(
        'DATA_EMPTY',
        `${root} is a split of the corpus by its name, but holds no recordings. Fetch them, or remove the folder.`,
      );
    sources.push({ root, names, official });
  }
  return sources;
}

/** The folders train, dev (or val) and eval there. @throws InputError `DATA_SPLITS` for dev beside val */
async function officialFolders(folder: string): Promise<[Split, string][]> {
  const found: [Split, string][] = [];
  for (const name of [...SPLITS, 'val'])
    if ((await stat(join(folder, name)).catch(() => null))?.isDirectory())
      found.push([splitNamed(name)!, join(folder, name)]);
  if (found.filter(([split]) => split === 'dev').length > 1)
    throw new InputError('DATA_SPLITS', `${folder} has both dev and val, two names of one split. Keep one.`);
  return found;
}

/** What tells data folders apart, which entries of several lie below: the last parts of their paths, as many as are needed. */
export function labelsOf(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => folder.split(sep).filter((part) => part !== ''));
  for (let count = 1; ; count++) {
    const labels = parts.map((each) => each.slice(-count).join('-'));
    const isUnique = new Set(labels).size === labels.length;
    if (isUnique) return labels;
    if (parts.every((each) => each.length <= count)) return labels.map((label, at) => `${label}-${at + 1}`);
  }
}
