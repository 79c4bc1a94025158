import { basename, dirname, posix, resolve } from 'node:path';
import type { Config } from './schema.ts';
import { STAGED_CACHE } from './staged.ts';

/** Whether a configuration is for this machine or for a rented one. */
export type ConfigKind = 'local' | 'cloud';

/** What a container of the cloud has mounted (docs/training.md): recordings, read only, and what outlives it. */
export const CLOUD_MOUNTS = { data: '/data', results: '/results' } as const;

/** Folders of configurations by what they are for. */
const FOLDERS: Readonly<Record<string, ConfigKind>> = { local: 'local', modal: 'cloud', cloud: 'cloud' };

/** What a folder of this name holds configurations for; null where its name does not say. */
export function kindOfFolder(name: string): ConfigKind | null {
  return Object.hasOwn(FOLDERS, name) ? FOLDERS[name]! : null;
}

/** Names of folders of one kind. */
export function foldersOf(kind: ConfigKind): string[] {
  return Object.keys(FOLDERS).filter((name) => FOLDERS[name] === kind);
}

/**
 * What a configuration is for: by the folder that its file is in, else by where its run would be written.
 *
 * @param path of the file; null for a run's own, since where a run lies says nothing: it may have been fetched
 */
export function kindOfConfig(path: string | null, { experiment }: Config): ConfigKind {
  const named = path === null ? null : kindOfFolder(basename(dirname(resolve(path))));
  return named ?? (isOnCloudMount(experiment.output_dir) ? 'cloud' : 'local');
}

/** Paths that a run reads and writes, by field; a list of folders gives several. */
export function pathsOf({ data, experiment, training }: Config): (readonly [field: string, path: string])[] {
  const fields: [string, string | readonly string[] | null][] = [
    ['data.data_dir', data.data_dir],
    ['data.cache_dir', data.cache_dir],
    ['data.split_file', data.split_file],
    ['training.init_from', training.init_from],
    ['experiment.output_dir', experiment.output_dir],
  ];
  return fields.flatMap(([field, value]) => [value ?? []].flat().map((path) => [field, path] as const));
}

/** Whether a path is a folder or lies within it, by name alone: it may be of another machine. */
export function isInside(path: string, folder: string): boolean {
  const way = posix.relative(posix.normalize(folder), posix.normalize(path));
  const isComparable = posix.isAbsolute(path) === posix.isAbsolute(folder);
  return isComparable && way !== '..' && !way.startsWith('../');
}

/** Also where a cloud run has copied its cache for reading. */
export function isOnCloudMount(path: string): boolean {
  const mounts = Object.values(CLOUD_MOUNTS);
  return posix.basename(path) === STAGED_CACHE || mounts.some((mount) => isInside(path, mount));
}

/** `/home/ann/eeg`, `/mnt/c/eeg`, `~/eeg`, `C:\eeg`: an absolute path that no container of the cloud has. */
export function isLocalAbsolute(path: string): boolean {
  const isAbsolute = posix.isAbsolute(path) || path.startsWith('~') || /^[A-Za-z]:[\\/]|^\\\\/.test(path);
  return isAbsolute && !isOnCloudMount(path);
}
