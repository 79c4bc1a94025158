import { dirname, resolve } from 'node:path';
import { type LoadedConfig, originText, SPLITS } from '../config/index.ts';

/**
 * What is to be said where a command works on another cache than training with the same configuration would: hundreds
 * of hours built in one place are of no use in another (failures D4). null where they agree, or nothing was stated.
 */
export function otherCacheNotice(
  cacheDir: string,
  { config, origins }: Pick<LoadedConfig, 'config' | 'origins'>,
): string | null {
  const origin = origins.get('data.cache_dir')!;
  const rootOf = (folder: string) =>
    [...SPLITS, 'val'].some((split) => resolve(folder).endsWith(`/${split}`))
      ? dirname(resolve(folder))
      : resolve(folder);
  const [here, there] = [rootOf(cacheDir), rootOf(config.data.cache_dir)];
  if (origin.kind === 'default' || here === there) return null;
  return `--cache-dir is ${here}, but data.cache_dir (${originText(origin)}) is ${there}, where training with this configuration looks.`;
}
