import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { listRecordings } from '../cache/index.ts';
import { type Config, SPLITS, type Split, splitNamed } from '../config/index.ts';
import type { CacheSubject, RecordingsSubject } from './subject.ts';

/** Recordings below `data.data_dir`; null where it names no folder, or none that is there. */
export async function lookAtRecordings({ data }: Config): Promise<RecordingsSubject | null> {
  const folders = [data.data_dir ?? []].flat().filter((folder) => existsSync(folder));
  if (folders.length === 0) return null;
  const recordings = [];
  for (const folder of folders)
    for (const name of await listRecordings(folder).catch(() => [])) {
      // A corpus's own split folders are no part of an entry's name.
      const inside = name.split('/');
      const rest = splitNamed(inside[0]!) !== null && inside.length > 1 ? inside.slice(1).join('/') : name;
      recordings.push({ folder, name, entry: rest.replace(/\.(edf|bdf)$/i, '.npz') });
    }
  return { folders, recordings };
}

/**
 * The split that all recordings were built as, by where their entries are; null where they are divided, or where the corpus
 * has splits of its own. A build that divides them otherwise would move entries.
 */
export function builtAs({ folders, recordings }: RecordingsSubject, { splits }: CacheSubject): Split | null {
  const isOfficial = folders.some(
    (folder) =>
      splitNamed(basename(resolve(folder))) !== null ||
      [...SPLITS, 'val'].some((name) => existsSync(join(folder, name))),
  );
  if (isOfficial) return null;
  const entries = new Set(recordings.map(({ entry }) => entry));
  const holding = splits.filter(({ survey }) => [...survey.entries.keys()].some((name) => entries.has(name)));
  return holding.length === 1 ? holding[0]!.split : null;
}
