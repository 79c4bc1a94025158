import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import { requireInside } from './layout.ts';
import { CATEGORIES, type Category, type Survey, type WindowShape } from './survey.ts';

const windowSchema = z.strictObject({ cache_file: z.string(), window_idx: z.int().nonnegative() });

const manifestSchema = z.strictObject({
  format: z.literal('bgb-manifest'),
  version: z.literal(1),
  /** Samples. */
  window: z.int().positive(),
  stride: z.int().positive(),
  /** Over the names and keys of all entries: what data this is. */
  data_hash: z.string(),
  recordings: z.int().positive(),
  patients: z.array(z.string()),
  recorded_s: z.number(),
  seizures: z.int(),
  seizure_seconds: z.number(),
  labels: z.record(z.string(), z.number()),
  /** SHA-256 of the three lists as they stand in the file. */
  windows_sha256: z.string(),
  /** Recorded seconds of labels that are not trained on, where there are any. */
  excluded_labels: z.record(z.string(), z.number()).optional(),
  counts: z.strictObject({ partial_seizure: z.int(), full_seizure: z.int(), no_seizure: z.int() }),
  partial_seizure: z.array(windowSchema),
  full_seizure: z.array(windowSchema),
  no_seizure: z.array(windowSchema),
});

/** A split's windows by how much seizure they hold, and counts of what it is. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestWindow = z.infer<typeof windowSchema>;

export const MANIFEST_FILE = 'manifest.json';

/** Reads a split's manifest. @throws InputError `CACHE_MANIFEST` when it is missing, damaged or of another window */
export async function readManifest(folder: string, shape: WindowShape): Promise<Manifest> {
  const { manifest, problem } = await tryManifest(folder, shape);
  if (manifest === null || problem !== null)
    throw new InputError(
      'CACHE_MANIFEST',
      `The manifest ${join(folder, MANIFEST_FILE)} cannot be used: ${problem}. Run bgb scan-cache with this configuration.`,
    );
  return manifest;
}

/** A manifest as far as it could be read. */
export interface ManifestAttempt {
  /** null when it is not of bgb's form; else it may still have a problem. */
  readonly manifest: Manifest | null;
  readonly problem: string | null;
  /** Entries that it lists, also one that cannot be used otherwise. */
  readonly references: ReadonlySet<string>;
  /** Whether its only problem is that it is of other windows than those asked for. */
  readonly isOfOtherWindows: boolean;
}

/** As {@link readManifest}, with what is wrong as a value. */
export async function tryManifest(folder: string, shape: WindowShape): Promise<ManifestAttempt> {
  const { text, problem } = await manifestFile(folder);
  return text === null
    ? { manifest: null, problem, references: new Set(), isOfOtherWindows: false }
    : parseManifest(text, shape);
}

/** {@link tryManifest} of a text. */
export function parseManifest(text: string, shape: WindowShape): ManifestAttempt {
  const nothing = { manifest: null, references: new Set<string>(), isOfOtherWindows: false };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    return { ...nothing, problem: messageOf(cause) };
  }
  const { manifest, references, problem: formProblem } = manifestIn(content);
  if (manifest === null) return { ...nothing, references, problem: formProblem };
  const { window, stride, windows_sha256 } = manifest;
  const isOfOtherWindows = window !== shape.length || stride !== shape.stride;
  if (windows_sha256 !== sha256(listsText(manifest)))
    return {
      manifest,
      references,
      problem: 'its windows are not those that bgb wrote',
      isOfOtherWindows: false,
    };
  const problem = isOfOtherWindows
    ? `it is of windows of ${window} samples every ${stride}, the configuration asks for ${shape.length} every ${shape.stride}`
    : null;
  return { manifest, references, problem, isOfOtherWindows };
}

/** A manifest that may be of any form: itself, or null and what is wrong with its form; and the entries it lists. */
export function manifestIn(content: unknown): Pick<ManifestAttempt, 'manifest' | 'problem' | 'references'> {
  const references = referencesOf(content);
  const parsed = manifestSchema.safeParse(content);
  if (parsed.success) return { manifest: parsed.data, problem: null, references };
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
  const problem = path.length === 0 ? message : `${path.join('.')}: ${message}`;
  return { manifest: null, problem, references };
}

/** A string can be no longer; a split of ten thousand recordings has less by far. */
const LARGEST_MANIFEST = 500e6;

/** The text of a split's manifest; null and why where there is none that may be read. */
export async function manifestFile(
  folder: string,
): Promise<{ text: string; problem: null } | { text: null; problem: string }> {
  const path = join(folder, MANIFEST_FILE);
  const refused = (problem: string) => ({ text: null, problem });
  try {
    const found = await stat(path);
    // A pipe would be waited for, and a link read from anywhere.
    if (!found.isFile()) return refused('it is no file');
    if (found.size > LARGEST_MANIFEST) return refused(`it has ${found.size} bytes`);
    await requireInside(folder, [MANIFEST_FILE]);
    return { text: await readFile(path, 'utf8'), problem: null };
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    return refused(isMissing ? 'there is none' : messageOf(cause));
  }
}

/** Entries that something listed as a manifest does, whatever else is wrong with it. */
function referencesOf(content: unknown): Set<string> {
  const lists = CATEGORIES.map((category) => (content as Record<string, unknown> | null)?.[category]);
  const windows = lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  // Other programs list a name, or a name and an index.
  const names = windows.flatMap((window) =>
    typeof window === 'object' && window !== null && 'cache_file' in window
      ? [window.cache_file]
      : [window].flat(),
  );
  return new Set(names.filter((name) => typeof name === 'string'));
}

/** What data a split's entries are: a hash over their names and keys. */
export function dataHashOf(keys: readonly (readonly [name: string, key: string])[]): string {
  return sha256(canonicalJson(keys));
}

/**
 * The manifest of a split.
 *
 * @throws InputError `CACHE_EMPTY` without entries or windows, `CACHE_NO_SEIZURE` without a seizure window (failures D1)
 */
export function manifestOf(survey: Survey): Manifest {
  const { folder, entries } = survey;
  if (entries.size === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `${folder} holds no cache entries (*.npz). Run bgb build-cache first.`,
    );
  const manifest = listingOf(survey);
  const all = [...entries.values()].reduce((sum, { windows }) => sum + windows.length, 0);
  refuseUseless(folder, manifest, all);
  return manifest;
}

/** What a manifest says of entries, be it of use or not. */
export function listingOf({ shape, entries }: Survey): Manifest {
  const windows: Record<Category, ManifestWindow[]> = {
    partial_seizure: [],
    full_seizure: [],
    no_seizure: [],
  };
  const labels: Record<string, number> = {};
  const excluded: Record<string, number> = {};
  const sums = { recorded: 0, seizures: 0, seizure: 0 };
  for (const [name, { provenance, windows: all, seizureSeconds }] of entries) {
    sums.recorded += provenance.recorded_s;
    sums.seizures += provenance.seizures;
    sums.seizure += seizureSeconds;
    for (const [label, seconds] of Object.entries(provenance.seizure_s_by_label))
      labels[label] = (labels[label] ?? 0) + seconds;
    for (const [label, seconds] of Object.entries(provenance.excluded_s_by_label))
      excluded[label] = (excluded[label] ?? 0) + seconds;
    all.forEach((category, window_idx) => {
      if (category !== null) windows[category].push({ cache_file: name, window_idx });
    });
  }
  const counts = {
    partial_seizure: windows.partial_seizure.length,
    full_seizure: windows.full_seizure.length,
    no_seizure: windows.no_seizure.length,
  };
  const all = [...entries];
  return {
    format: 'bgb-manifest',
    version: 1,
    window: shape.length,
    stride: shape.stride,
    data_hash: dataHashOf(all.map(([name, { provenance }]) => [name, provenance.key])),
    recordings: entries.size,
    patients: [...new Set(all.map(([, { provenance }]) => provenance.patient))].sort(),
    recorded_s: sums.recorded,
    seizures: sums.seizures,
    seizure_seconds: sums.seizure,
    labels,
    windows_sha256: sha256(listsText(windows)),
    ...(Object.keys(excluded).length > 0 && { excluded_labels: excluded }),
    counts,
    ...windows,
  };
}

function refuseUseless(
  folder: string,
  { window, stride, recordings, counts, seizure_seconds }: Manifest,
  windows: number,
): void {
  const shapeText = `${window} samples every ${stride}`;
  if (windows === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `None of the ${recordings} entries in ${folder} is as long as a window (${shapeText}). Choose a shorter data.window_size.`,
    );
  if (counts.partial_seizure + counts.full_seizure + counts.no_seizure === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `All ${windows} windows of the ${recordings} entries in ${folder} are excluded: they have no labels, and unlabelled is not seizure-free, or only labels that are not trained on. Add annotations and build the cache again.`,
    );
  if (counts.partial_seizure + counts.full_seizure === 0)
    throw new InputError(
      'CACHE_NO_SEIZURE',
      `No window in ${folder} holds a seizure: ${recordings} recordings, ${counts.no_seizure} windows of ${shapeText}, ${seizure_seconds.toFixed(1)} s of seizure. Check the annotations, or choose other recordings.`,
    );
}

/** The three lists, a window a line. */
function listsText(windows: Pick<Manifest, Category>): string {
  return CATEGORIES.map((category) => {
    const lines = windows[category].map((window) => JSON.stringify(window));
    return `"${category}": ${lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`}`;
  }).join(',\n');
}

/** A manifest as it stands in its file. */
export function manifestText({ partial_seizure, full_seizure, no_seizure, ...header }: Manifest): string {
  const lists = listsText({ partial_seizure, full_seizure, no_seizure });
  return `${JSON.stringify(header, null, 1).slice(0, -2)},\n${lists}\n}\n`;
}
