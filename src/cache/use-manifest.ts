import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listEntries, requireInside } from './layout.ts';
import {
  CATEGORIES,
  dataHashOf,
  MANIFEST_FILE,
  type Manifest,
  scanSplit,
  tryManifest,
  type WindowShape,
  windowStarts,
} from './manifest.ts';
import { openEntry } from './open-entry.ts';

/** Whether a manifest may be used, and why not. */
export interface Validity {
  readonly isValid: boolean;
  /** null when nothing is to be said. */
  readonly reason: string | null;
  /** References to entries that are not there. */
  readonly missing: number;
}

/** Up to this share of references may be missing while a cache is being updated. */
const MISSING_SHARE = 0.05;

/**
 * Compares a manifest with the entries in its folder: valid with at least one window, when no more than 5 % of its
 * references are to entries that are gone, and else the entries are those it was made of.
 *
 * @throws InputError `CACHE_OUTSIDE` naming a reference that leads out of the folder; `CACHE_*` for a damaged entry
 */
export async function validateManifest(cacheDir: string, manifest: Manifest): Promise<Validity> {
  const references = new Map<string, number>();
  const windows = CATEGORIES.flatMap((category) => manifest[category]);
  for (const { cache_file } of windows) references.set(cache_file, (references.get(cache_file) ?? 0) + 1);
  await requireInside(cacheDir, references.keys());
  const entries = await surveyed(cacheDir, { length: manifest.window, stride: manifest.stride });
  let [missing, all] = [0, 0];
  for (const [name, count] of references) {
    all += count;
    if (!entries.has(name)) missing += count;
  }
  const invalid = (reason: string): Validity => ({ isValid: false, reason, missing });
  if (all === 0) return invalid('it lists no window');
  if (missing > MISSING_SHARE * all)
    return invalid(`${missing} of its ${all} references are to entries that are not there`);
  for (const { cache_file, window_idx } of windows) {
    const count = entries.get(cache_file)?.windows ?? Infinity;
    if (window_idx >= count)
      return invalid(`it lists window ${window_idx} of ${cache_file}, which has ${count}`);
  }
  if (missing > 0)
    return {
      isValid: true,
      reason: `${missing} of its ${all} references are to entries that are not there; they are left out`,
      missing,
    };
  if (manifest.data_hash !== hashOf(entries))
    return invalid('its entries have been built again, or there are others');
  return { isValid: true, reason: null, missing: 0 };
}

/** Key and number of windows of each entry there. */
type Entries = ReadonlyMap<string, { readonly key: string; readonly windows: number }>;

async function surveyed(folder: string, shape: WindowShape): Promise<Entries> {
  const names = await listEntries(folder);
  await requireInside(folder, names);
  return new Map(
    names.map((name) => {
      using entry = openEntry(folder, name);
      return [
        name,
        { key: entry.provenance.key, windows: windowStarts(entry.segments, shape).length },
      ] as const;
    }),
  );
}

const hashOf = (entries: Entries) => dataHashOf([...entries].map(([name, { key }]) => [name, key]));

/**
 * The manifest of a split, ready to be trained from: one that is missing, damaged, empty or stale is rebuilt from the
 * entries and that is said; one that leads out of the cache never is.
 *
 * @param say takes each sentence about what was rebuilt or left out
 * @throws InputError `CACHE_OUTSIDE`, or as `scanSplit`
 */
export async function usableManifest(
  folder: string,
  shape: WindowShape,
  { isRebuildForced = false, say = (_sentence: string): void => undefined } = {},
): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const rebuilt = async (reason: string, { isUseless = true } = {}) => {
    if (isUseless) await rm(path, { force: true }).catch(() => undefined);
    const { manifest } = await scanSplit(folder, shape);
    const { partial_seizure, full_seizure, no_seizure } = manifest.counts;
    say(`${path} was built again (${reason}): ${partial_seizure + full_seizure + no_seizure} windows.`);
    return manifest;
  };
  const { manifest, problem, references, isOfOtherWindows } = await tryManifest(folder, shape);
  await requireInside(folder, references);
  if (isRebuildForced) return rebuilt('BGB_FORCE_MANIFEST_REBUILD');
  // One that is whole but of other windows stays until there is another: the window may be a slip of the pen.
  if (manifest === null || problem !== null) return rebuilt(problem!, { isUseless: !isOfOtherWindows });
  const { isValid, reason, missing } = await validateManifest(folder, manifest);
  if (!isValid) return rebuilt(reason!);
  if (reason !== null) say(`${path}: ${reason}.`);
  return missing === 0 ? manifest : withoutMissing(folder, manifest, shape);
}

async function withoutMissing(folder: string, manifest: Manifest, shape: WindowShape): Promise<Manifest> {
  const entries = await surveyed(folder, shape);
  const kept = (category: (typeof CATEGORIES)[number]) =>
    manifest[category].filter(({ cache_file }) => entries.has(cache_file));
  const lists = {
    partial_seizure: kept('partial_seizure'),
    full_seizure: kept('full_seizure'),
    no_seizure: kept('no_seizure'),
  };
  return {
    ...manifest,
    ...lists,
    data_hash: hashOf(entries),
    counts: {
      partial_seizure: lists.partial_seizure.length,
      full_seizure: lists.full_seizure.length,
      no_seizure: lists.no_seizure.length,
    },
  };
}
