import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { type CacheEntry, Entry } from './entry.ts';
import { ForeignEntry } from './foreign-entry.ts';
import { isForeign } from './foreign-npz.ts';

/**
 * Opens an entry, or a cache file of another program as one.
 *
 * @param name relative to the folder
 * @throws InputError `CACHE_*`
 */
export function openEntry(folder: string, name: string): CacheEntry {
  const path = join(folder, name);
  try {
    return new Entry(path);
  } catch (error) {
    if (error instanceof InputError && error.code !== 'CACHE_READ' && isForeign(path))
      return new ForeignEntry(folder, name);
    throw error;
  }
}
