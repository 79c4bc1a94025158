import { InputError } from '../errors.ts';
import { canonicalJson } from '../files/index.ts';
import { requireInside } from './layout.ts';
import { dataHashOf, listingOf, type Manifest, manifestIn } from './manifest.ts';
import { CATEGORIES, type Category, type Survey, surveySplit } from './survey.ts';

/** Whether a manifest may be used, and why not. */
export interface Validity {
  readonly isValid: boolean;
  /** null when nothing is to be said. */
  readonly reason: string | null;
  /** References to entries that are not there. */
  readonly missing: number;
}

/** One in so many references may be missing while a cache is being updated: 5 %. */
const ONE_MISSING_IN = 20;

/**
 * Compares a manifest with the entries in its folder: valid with at least one window, when no more than 5 % of its
 * references are to entries that are gone, and it says of the others what they are, each window once.
 *
 * @param content of a manifest's file, in whatever form
 * @throws InputError `CACHE_OUTSIDE` naming a reference that leads out of the folder; `CACHE_*` for a damaged entry
 */
export async function validateManifest(cacheDir: string, content: unknown): Promise<Validity> {
  const { manifest, problem, references } = manifestIn(content);
  await requireInside(cacheDir, references);
  if (manifest === null) return { isValid: false, reason: problem, missing: 0 };
  const { window: length, stride } = manifest;
  return validityOf(manifest, await surveySplit(cacheDir, { length, stride }));
}

/** As {@link validateManifest}, of entries that have been looked at. */
export function validityOf(manifest: Manifest, survey: Survey): Validity {
  const { entries } = survey;
  const windows = windowsOf(manifest);
  const missing = windows.filter(({ cache_file }) => !entries.has(cache_file)).length;
  const all = windows.length;
  const invalid = (reason: string): Validity => ({ isValid: false, reason, missing });
  if (all === 0) return invalid('it lists no window');
  if (ONE_MISSING_IN * missing > all)
    return invalid(`${missing} of its ${all} references are to entries that are not there`);
  for (const { cache_file, window_idx } of windows) {
    const count = entries.get(cache_file)?.windows.length ?? Infinity;
    if (!(Number.isInteger(window_idx) && window_idx >= 0 && window_idx < count))
      return invalid(`it lists window ${window_idx} of ${cache_file}, which has ${count}`);
  }
  const keys = [...entries].map(([name, { provenance }]) => [name, provenance.key] as const);
  // Of entries that are gone no hash can be made, nor sums: then what is listed of the others must be so.
  const isCurrent = missing > 0 || manifest.data_hash === dataHashOf(keys);
  if (!isCurrent || (missing > 0 && !listsExactly(manifest, entries)))
    return invalid('its entries have been built again, or there are others');
  if (
    missing === 0 &&
    !(listsExactly(manifest, entries) && headerOf(manifest) === headerOf(listingOf(survey)))
  )
    return invalid('its windows or its counts are not those of the entries');
  return missing === 0
    ? { isValid: true, reason: null, missing }
    : {
        isValid: true,
        reason: `${missing} of its ${all} references are to entries that are not there; they are left out`,
        missing,
      };
}

/** What is wrong with references that lead out of their folder, null where none does; none of them is opened. */
export async function problemOutside(folder: string, references: Iterable<string>): Promise<string | null> {
  try {
    await requireInside(folder, references);
    return null;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** Whether a manifest lists every window of these entries as what it is, each once, and no other of them. */
function listsExactly(manifest: Manifest, entries: Survey['entries']): boolean {
  const unlisted = new Map<string, (Category | null)[]>();
  for (const [name, { windows }] of entries) unlisted.set(name, [...windows]);
  for (const category of CATEGORIES)
    for (const { cache_file, window_idx } of manifest[category]) {
      const windows = unlisted.get(cache_file);
      if (windows === undefined) continue;
      if (windows[window_idx] !== category) return false;
      windows[window_idx] = null;
    }
  return [...unlisted.values()].every((windows) => windows.every((category) => category === null));
}

/** All that a manifest says beside its windows. */
function headerOf({
  partial_seizure,
  full_seizure,
  no_seizure,
  windows_sha256,
  ...header
}: Manifest): string {
  return canonicalJson(header);
}

function windowsOf(manifest: Manifest) {
  return CATEGORIES.flatMap((category) => manifest[category]);
}
