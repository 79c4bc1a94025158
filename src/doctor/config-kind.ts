import { basename, dirname, resolve } from 'node:path';
import type { Config } from '../config/index.ts';

/** Whether a configuration is for this machine or for a rented one. */
export type ConfigKind = 'local' | 'cloud';

/** Where a cloud container has data (read only) and a volume that outlives it. */
export const CLOUD_ROOTS = ['/data', '/results'] as const;

/** Folders of configurations by what they are for. */
const FOLDERS: Readonly<Record<string, ConfigKind>> = { local: 'local', modal: 'cloud', cloud: 'cloud' };

/** Paths that a run reads and writes, by field. */
export function pathsOf({ data, experiment, training }: Config): readonly (readonly [string, string])[] {
  const fields: [string, string | readonly string[] | null][] = [
    ['data.data_dir', data.data_dir],
    ['data.cache_dir', data.cache_dir],
    ['data.split_file', data.split_file],
    ['training.init_from', training.init_from],
    ['experiment.output_dir', experiment.output_dir],
  ];
  return fields.flatMap(([field, value]) =>
    (typeof value === 'string' ? [value] : (value ?? [])).map((path) => [field, path] as const),
  );
}

export function isUnderCloudRoot(path: string): boolean {
  return CLOUD_ROOTS.some((root) => path === root || path.startsWith(`${root}/`));
}

/** By the folder that the file is in, else by where its run would be written. */
export function kindOf(path: string, { experiment }: Config): ConfigKind {
  return (
    FOLDERS[basename(dirname(resolve(path)))] ?? (isUnderCloudRoot(experiment.output_dir) ? 'cloud' : 'local')
  );
}

/** Folder names beside which the other kind of configuration lies. */
export const OTHER_FOLDERS: Readonly<Record<ConfigKind, readonly string[]>> = {
  local: ['modal', 'cloud'],
  cloud: ['local'],
};
