import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lookAtSplit, MANIFEST_FILE, splitFolders, type WindowShape } from '../cache/index.ts';
import { loadConfig, loadConfigOrDefaults } from '../config/index.ts';
import { windowShapeOf } from '../data/index.ts';
import { InputError } from '../errors.ts';
import type { CacheSubject, ConfigSubject } from './subject.ts';

/** The windows that a cache is looked at with. */
export interface Windows {
  readonly shape: WindowShape;
  /** The same as `--set` takes it, for commands without a configuration. */
  readonly assignments: readonly string[];
}

/** The windows of the configuration; without one, those of a manifest there, of a configuration that names the cache, or the defaults. */
export async function windowsIn(cacheDir: string, config: ConfigSubject | null): Promise<Windows> {
  if (config !== null) return { shape: windowShapeOf(config.loaded.config.data), assignments: [] };
  for (const [, folder] of await splitFolders(cacheDir).catch(() => [])) {
    const shape = await shapeInManifest(folder);
    if (shape !== null) return { shape, assignments: assignmentsOf(shape) };
  }
  const { config: named } = (await configNaming(cacheDir)) ?? (await loadConfigOrDefaults(null));
  const shape = windowShapeOf(named.data);
  return { shape, assignments: assignmentsOf(shape, named.data.sampling_rate) };
}

/** Entries are at 256 Hz but where somebody chose otherwise; window and stride in samples are what counts. */
function assignmentsOf({ length, stride }: WindowShape, rate = 256): string[] {
  return [
    `data.window_size=${length / rate}`,
    `data.stride=${stride / rate}`,
    ...(rate === 256 ? [] : [`data.sampling_rate=${rate}`]),
  ];
}

async function shapeInManifest(folder: string): Promise<WindowShape | null> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => '');
  const field = (name: string) => Number(new RegExp(`^\\s*"${name}": (\\d+),?$`, 'm').exec(text)?.[1]);
  const shape = { length: field('window'), stride: field('stride') };
  return shape.length > 0 && shape.stride > 0 ? shape : null;
}

/** A configuration below `configs/` that names this cache. */
async function configNaming(cacheDir: string) {
  if (!existsSync('configs')) return null;
  const files = readdirSync('configs', { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => /\.ya?ml$/.test(name)).slice(0, 100)) {
    const loaded = await loadConfig(join('configs', file)).catch(() => null);
    if (loaded !== null && resolve(loaded.config.data.cache_dir) === resolve(cacheDir)) return loaded;
  }
  return null;
}

/** Looks at the splits of a cache. */
export async function lookAtCache(
  folder: string,
  { shape }: Windows,
  options: {
    readonly isDeep: boolean;
    readonly isManifestRead: boolean;
    /** Whether only what is trained and tuned on is looked at. */
    readonly isTrainingOnly: boolean;
    readonly now: number;
  },
): Promise<CacheSubject> {
  const about = { folder };
  if (!existsSync(folder)) return { ...about, isThere: false, splits: [], problem: null };
  try {
    const splits = [];
    for (const [split, at] of await splitFolders(folder))
      if (!options.isTrainingOnly || split !== 'eval')
        splits.push({ split, ...(await lookAtSplit(at, shape, options)) });
    return { ...about, isThere: true, splits, problem: null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...about, isThere: true, splits: [], problem: error.message };
  }
}
