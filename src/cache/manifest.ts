import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { canonicalJson, sha256, writeAtomic } from '../files/index.ts';
import type { CacheEntry, LabelRun } from './entry.ts';
import { EXCLUDED, SEIZURE } from './labels.ts';
import { listEntries, requireInside } from './layout.ts';
import { openEntry } from './open-entry.ts';
import { isTuszFormat, isTuszName } from './published.ts';

/** Shape of windows, in samples. */
export interface WindowShape {
  readonly length: number;
  readonly stride: number;
}

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

/** The lists of a manifest. */
export const CATEGORIES = ['partial_seizure', 'full_seizure', 'no_seizure'] as const;
type Category = (typeof CATEGORIES)[number];

export const MANIFEST_FILE = 'manifest.json';

/** From this share of seizure among the samples that are not excluded, a window is full of it. */
const FULL_SHARE = 0.99;

export interface Scan {
  readonly manifest: Manifest;
  readonly path: string;
  /** Whether the file there was valid and has been left as it was. */
  readonly isUnchanged: boolean;
  /** Entries that were made elsewhere: each is read whole. */
  readonly madeElsewhere: number;
  /** Whether the entries are TUSZ's, by their names and annotations. */
  readonly isTusz: boolean;
}

/**
 * Builds a split's manifest from its entries, unless the one there is of the same entries and window shape;
 * that one is left to the byte.
 *
 * @param isCheck only compare, write nothing
 * @throws InputError `CACHE_EMPTY` without entries or windows, `CACHE_NO_SEIZURE` without a seizure window:
 * such a manifest is never written (failures D1)
 */
export async function scanSplit(folder: string, shape: WindowShape, { isCheck = false } = {}): Promise<Scan> {
  const path = join(folder, MANIFEST_FILE);
  const { manifest, madeElsewhere, isTusz } = await surveyEntries(folder, shape);
  const text = manifestText(manifest);
  const isUnchanged = (await readFile(path, 'utf8').catch(() => '')) === text;
  if (!isUnchanged && isCheck)
    throw new InputError(
      'CACHE_MANIFEST',
      `${path} is missing or not of these entries and this window. Run bgb scan-cache.`,
    );
  if (!isUnchanged) await writeAtomic(path, text);
  return { manifest, path, isUnchanged, madeElsewhere, isTusz };
}

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
  const nothing = { manifest: null, references: new Set<string>(), isOfOtherWindows: false };
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(folder, MANIFEST_FILE), 'utf8'));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    return { ...nothing, problem: isMissing ? 'there is none' : messageOf(cause) };
  }
  const references = referencesOf(content);
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    return { ...nothing, references, problem: path.length === 0 ? message : `${path.join('.')}: ${message}` };
  }
  const manifest = parsed.data;
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

/** Entries that something listed as a manifest does, whatever else is wrong with it. */
function referencesOf(content: unknown): Set<string> {
  const lists = CATEGORIES.map((category) => (content as Record<string, unknown> | null)?.[category]);
  const windows = lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const names = windows.map((window) => (window as Record<string, unknown> | null)?.cache_file);
  return new Set(names.filter((name) => typeof name === 'string'));
}

/** First rows of the windows of an entry, in order of `window_idx`: multiples of the stride inside each segment. */
export function windowStarts(
  segments: readonly { firstRow: number; rows: number }[],
  shape: WindowShape,
): number[] {
  return segments.flatMap(({ firstRow, rows }) =>
    Array.from(
      { length: rows < shape.length ? 0 : Math.floor((rows - shape.length) / shape.stride) + 1 },
      (_, index) => firstRow + index * shape.stride,
    ),
  );
}

/** What data a split's entries are: a hash over their names and keys. */
export function dataHashOf(keys: readonly (readonly [name: string, key: string])[]): string {
  return sha256(canonicalJson(keys));
}

async function surveyEntries(
  folder: string,
  shape: WindowShape,
): Promise<Pick<Scan, 'manifest' | 'madeElsewhere' | 'isTusz'>> {
  const names = await listEntries(folder);
  await requireInside(folder, names);
  if (names.length === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `${folder} holds no cache entries (*.npz). Run bgb build-cache first.`,
    );
  const windows = { partial_seizure: [], full_seizure: [], no_seizure: [] } as Record<
    Category,
    ManifestWindow[]
  >;
  const keys: [string, string][] = [];
  const patients = new Set<string>();
  const labels: Record<string, number> = {};
  const excluded: Record<string, number> = {};
  const sums = { recorded: 0, seizures: 0, seizure: 0, elsewhere: 0, tusz: 0, windows: 0 };
  for (const name of names) {
    using entry = openEntry(folder, name);
    const { provenance } = entry;
    keys.push([name, provenance.key]);
    patients.add(provenance.patient);
    if (entry.signalAt === null) sums.elsewhere++;
    if (isTuszName(name) && isTuszFormat(provenance.annotations[0]!.format)) sums.tusz++;
    sums.recorded += provenance.recorded_s;
    sums.seizures += provenance.seizures;
    for (const [label, seconds] of Object.entries(provenance.seizure_s_by_label))
      labels[label] = (labels[label] ?? 0) + seconds;
    for (const [label, seconds] of Object.entries(provenance.excluded_s_by_label))
      excluded[label] = (excluded[label] ?? 0) + seconds;
    for (const { label, rows } of entry.labelRuns)
      if (label === SEIZURE) sums.seizure += rows / provenance.sampling_rate;
    categoriesOf(entry, shape).forEach((category, window_idx) => {
      sums.windows++;
      if (category !== null) windows[category].push({ cache_file: name, window_idx });
    });
  }
  const counts = {
    partial_seizure: windows.partial_seizure.length,
    full_seizure: windows.full_seizure.length,
    no_seizure: windows.no_seizure.length,
  };
  const shapeText = `${shape.length} samples every ${shape.stride}`;
  if (sums.windows === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `None of the ${names.length} entries in ${folder} is as long as a window (${shapeText}). Choose a shorter data.window_size.`,
    );
  if (counts.partial_seizure + counts.full_seizure + counts.no_seizure === 0)
    throw new InputError(
      'CACHE_EMPTY',
      `All ${sums.windows} windows of the ${names.length} entries in ${folder} are excluded: they have no labels, and unlabelled is not seizure-free, or only labels that are not trained on. Add annotations and build the cache again.`,
    );
  if (counts.partial_seizure + counts.full_seizure === 0)
    throw new InputError(
      'CACHE_NO_SEIZURE',
      `No window in ${folder} holds a seizure: ${names.length} recordings, ${counts.no_seizure} windows of ${shapeText}, ${sums.seizure.toFixed(1)} s of seizure. Check the annotations, or choose other recordings.`,
    );
  const manifest: Manifest = {
    format: 'bgb-manifest',
    version: 1,
    window: shape.length,
    stride: shape.stride,
    data_hash: dataHashOf(keys),
    recordings: names.length,
    patients: [...patients].sort(),
    recorded_s: sums.recorded,
    seizures: sums.seizures,
    seizure_seconds: sums.seizure,
    labels,
    windows_sha256: sha256(listsText(windows)),
    ...(Object.keys(excluded).length > 0 && { excluded_labels: excluded }),
    counts,
    ...windows,
  };
  return { manifest, madeElsewhere: sums.elsewhere, isTusz: sums.tusz === names.length };
}

/** What each window of an entry is; null for one that is excluded as a whole. */
function categoriesOf({ segments, labelRuns }: CacheEntry, shape: WindowShape): (Category | null)[] {
  let run = 0;
  return windowStarts(segments, shape).map((start) => {
    const end = start + shape.length;
    const endOf = ({ firstRow, rows }: LabelRun) => firstRow + rows;
    while (endOf(labelRuns[run]!) <= start) run++;
    let [seizure, counted] = [0, 0];
    for (let at = run; at < labelRuns.length && labelRuns[at]!.firstRow < end; at++) {
      const { firstRow, label } = labelRuns[at]!;
      const rows = Math.min(end, endOf(labelRuns[at]!)) - Math.max(start, firstRow);
      if (label !== EXCLUDED) counted += rows;
      if (label === SEIZURE) seizure += rows;
    }
    if (counted === 0) return null;
    if (seizure === 0) return 'no_seizure';
    return seizure / counted >= FULL_SHARE ? 'full_seizure' : 'partial_seizure';
  });
}

/** The three lists, a window a line. */
function listsText(windows: Pick<Manifest, Category>): string {
  return CATEGORIES.map((category) => {
    const lines = windows[category].map((window) => JSON.stringify(window));
    return `"${category}": ${lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`}`;
  }).join(',\n');
}

function manifestText({ partial_seizure, full_seizure, no_seizure, ...header }: Manifest): string {
  const lists = listsText({ partial_seizure, full_seizure, no_seizure });
  return `${JSON.stringify(header, null, 1).slice(0, -2)},\n${lists}\n}\n`;
}
