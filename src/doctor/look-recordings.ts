import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { listRecordings } from '../cache/index.ts';
import { type Config, splitNamed } from '../config/index.ts';
import type { RecordingsSubject } from './subject.ts';

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

/** Whether a data folder is one split of a corpus whose others lie beside it. */
export function isSplitFolder(folder: string): boolean {
  return splitNamed(basename(resolve(folder))) !== null && existsSync(dirname(resolve(folder)));
}
