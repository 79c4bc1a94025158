import { rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type LabelMap, labelRules } from '../annotations/index.ts';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { removeStaleTemporaries } from '../files/index.ts';
import type { PreprocessingSettings } from '../signal/index.ts';
import { counted } from '../words.ts';
import { type BuildResult, type EntryTask, entryName, entryPath } from './build.ts';
import { buildEntries } from './build-pool.ts';
import { CENSUS_FILE, type Census, censusOf, readLosses, writeCensus } from './census.ts';
import { findDuplicates } from './duplicates.ts';
import { withoutExcluded } from './exclusions.ts';
import { listEntries, splitFolder } from './layout.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { reasonLines } from './reason-lines.ts';
import { type Assignment, assignRecordings, type SplitChoice } from './splits.ts';
import { requirePatientsApart, type StandingEntry, standingEntries } from './standing.ts';

/** Recordings are divided as {@link SplitChoice} says. */
export interface BuildOptions extends Omit<SplitChoice, 'dataDirs'> {
  /** One folder, or several. */
  readonly dataDir: string | readonly string[];
  readonly cacheDir: string;
  readonly settings: PreprocessingSettings;
  /** `data.labels`: what labels mean that bgb does not know. */
  readonly labels?: LabelMap;
  /** `data.exclude`: recordings that are left out, by their `entry`; an entry that one has goes. */
  readonly exclude?: readonly string[];
  /** At most so many recordings, for bring-up; null takes all. */
  readonly limitFiles: number | null;
  /** Recordings that are built at once, each by a thread; the entries are the same for any number. */
  readonly jobs: number;
  /** Every `of`-th recording, beginning with the one at `index`: entries alone, for a build without it to look over. */
  readonly shard?: { readonly index: number; readonly of: number } | null;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, result: BuildResult) => void;
  /** Told of what deserves a word: how the recordings are divided, what stands in the cache beside them. */
  readonly say?: (sentence: string) => void;
}

/**
 * Preprocesses all recordings below the data folders into cache entries, each once. Entries that are there and still fit
 * are kept, or moved where they belong now; interrupted and repeated, it goes on.
 *
 * @returns a census of each split; none of a shard
 * @throws InputError `DATA_*` when there is no recording, none can be used, or a patient would be in two splits;
 * `SPLIT_FILE`; `ANNOTATION_LABEL_MAP`
 */
export async function buildCache(options: BuildOptions): Promise<Census[]> {
  const { dataDir, cacheDir, signal, limitFiles, onProgress, say = () => undefined } = options;
  // A map that cannot be is not the recordings' fault.
  labelRules(options.labels ?? {});
  const dataDirs = typeof dataDir === 'string' ? [dataDir] : dataDir;
  // Patients are drawn as without exclusions: leaving a recording out moves no other.
  const { exclude = [] } = options;
  const nameless: string[] = [];
  const mayPassOver = (entry: string) => exclude.includes(entry) && nameless.push(entry) > 0;
  const found = await assignRecordings({ ...options, dataDirs, mayPassOver }, say);
  const { assigned, excluded } = withoutExcluded(found, exclude, nameless, say);
  refuseClashes(assigned);
  const splits = splitsInPlay(options.split, found);
  const claimed = new Set(assigned.map(({ split, entry }) => entryPath({ cacheDir: split, entry })));
  for (const { split, entry } of excluded)
    if (!claimed.has(entryPath({ cacheDir: split, entry })))
      await rm(entryPath({ cacheDir: splitFolder(cacheDir, split), entry }), { force: true });
  const standing = await standingEntries(cacheDir);
  requirePatientsApart([
    ...assigned.map(({ split, patient, root, name }) => ({ split, patient, where: join(root, name) })),
    ...standing.filter(({ split }) => !splits.has(split)).map(asWhere),
  ]);
  const recordings = limited(assigned, limitFiles);
  if (recordings.length < assigned.length)
    say(`BGB_LIMIT_FILES takes ${recordings.length} of ${assigned.length} recordings.`);
  for (const split of splits) await removeStaleTemporaries(splitFolder(cacheDir, split));
  const all = await tasksOf(options, recordings, assigned, standing, splits);
  const { shard = null } = options;
  const tasks = shard === null ? all : all.filter((_, index) => index % shard.of === shard.index);
  let done = 0;
  const built = await buildEntries(tasks, options.jobs, signal, (result) =>
    onProgress(++done, tasks.length, result),
  );
  if (shard !== null) return [];
  await buildWidowed(tasks, built, cacheDir, options);
  const { results, left } = await withoutDuplicates(cacheDir, recordings, built);
  const censuses = SPLITS.filter((split) => recordings.some((recording) => recording.split === split)).map(
    (split) =>
      censusOf(
        split,
        splitFolder(cacheDir, split),
        results.filter((_, index) => recordings[index]!.split === split),
        {
          available: assigned.filter((recording) => recording.split === split).length,
          excluded: excluded.filter((recording) => recording.split === split).map(({ entry }) => entry),
        },
      ),
  );
  if (censuses.every(({ cached }) => cached === 0)) throw noneUsable(censuses, dataDirs);
  for (const census of censuses) await writeCensus(census);
  for (const split of splits) await removeEmptySplit(splitFolder(cacheDir, split));
  reviewOthers(left, cacheDir, assigned, splits, say);
  return censuses;
}

/** Splits whose folders this build decides about; what stands in others is only looked at. */
function splitsInPlay(split: Split | null, assigned: readonly Assignment[]): Set<Split> {
  if (split !== null) return new Set([split]);
  return new Set(['train', 'dev', ...assigned.map(({ split }) => split)]);
}

const asWhere = ({ split, provenance, path }: StandingEntry) => ({
  split,
  patient: provenance.patient,
  where: path,
});

/** At most so many recordings, of the splits in turn, so that none is left without. */
function limited(assigned: readonly Assignment[], limit: number | null): readonly Assignment[] {
  if (limit === null || assigned.length <= limit) return assigned;
  const counts = new Map<Split, number>();
  const turns = assigned.map((recording) => {
    const turn = counts.get(recording.split) ?? 0;
    counts.set(recording.split, turn + 1);
    return { recording, turn };
  });
  return turns
    .sort((a, b) => a.turn - b.turn)
    .slice(0, limit)
    .map(({ recording }) => recording);
}

/** Two recordings whose entries would be one file, such as a.edf and a.bdf (failures D10). */
function refuseClashes(recordings: readonly Assignment[]): void {
  const seen = new Map<string, string>();
  for (const { split, name, entry, root } of recordings) {
    const path = entryPath({ cacheDir: split, entry });
    const other = seen.get(path);
    if (other !== undefined)
      throw new InputError(
        'DATA_CLASH',
        `${other} and ${name} in ${root} would share one cache entry. Rename or remove one of them.`,
      );
    seen.set(path, name);
  }
}

async function tasksOf(
  { cacheDir, settings, labels = {} }: BuildOptions,
  recordings: readonly Assignment[],
  assigned: readonly Assignment[],
  standing: readonly StandingEntry[],
  splits: ReadonlySet<Split>,
): Promise<EntryTask[]> {
  const known = await knownDuplicates(cacheDir, standing);
  // Entries of recordings that may now belong to another place, by what can be told without reading the recordings.
  const claimed = new Set(
    assigned.map(({ split, entry }) => entryPath({ cacheDir: splitFolder(cacheDir, split), entry })),
  );
  const placeless = standing.filter(({ split, path }) => splits.has(split) && !claimed.has(path));
  const byFile = new Map(
    placeless.map(({ path, provenance: { recording } }) => [`${recording.name} ${recording.bytes}`, path]),
  );
  const tasks: EntryTask[] = [];
  for (const { split, root, name, entry, patient } of recordings) {
    const bytes = byFile.size === 0 ? null : await stat(join(root, name)).catch(() => null);
    tasks.push({
      dataDir: root,
      name,
      entry,
      patient,
      cacheDir: splitFolder(cacheDir, split),
      settings,
      labels,
      earlierPath: (bytes && byFile.get(`${basename(name)} ${bytes.size}`)) ?? null,
      duplicate: known.get(`${split}/${entryName(entry)}`) ?? null,
    });
  }
  return tasks;
}

type DuplicateResult = Extract<BuildResult, { outcome: 'duplicate' }>;

/** What the last build found to be duplicates, by the place that their entries would have; of entries that still stand. */
async function knownDuplicates(
  cacheDir: string,
  standing: readonly StandingEntry[],
): Promise<Map<string, DuplicateResult>> {
  const keys = new Map(standing.map(({ split, name, provenance }) => [`${split}/${name}`, provenance.key]));
  const known = new Map<string, DuplicateResult>();
  for (const split of SPLITS) {
    const losses = await readLosses(splitFolder(cacheDir, split)).catch(() => null);
    for (const duplicate of losses?.duplicates ?? [])
      if (keys.get(duplicate.of) === duplicate.ofKey)
        known.set(`${split}/${entryName(duplicate.name)}`, duplicate);
  }
  return known;
}

/** Builds the entries of known duplicates of one that this build rejected or changed, in place of their results. */
async function buildWidowed(
  tasks: readonly EntryTask[],
  results: BuildResult[],
  cacheDir: string,
  { jobs, signal }: BuildOptions,
): Promise<void> {
  if (!results.some(({ outcome }) => outcome === 'duplicate')) return;
  const standing = await standingEntries(cacheDir);
  const keys = new Map(standing.map(({ split, name, provenance }) => [`${split}/${name}`, provenance.key]));
  const widowed = [...results.entries()]
    .filter(([, result]) => result.outcome === 'duplicate' && keys.get(result.of) !== result.ofKey)
    .map(([index]) => index);
  const again = widowed.map((index) => ({ ...tasks[index]!, duplicate: null }));
  const built = await buildEntries(again, jobs, signal, () => undefined);
  for (const [at, index] of widowed.entries()) results[index] = built[at]!;
}

/** Removes the entries of recordings whose samples are another's, and says so in their place; with what is left. */
async function withoutDuplicates(
  cacheDir: string,
  recordings: readonly Assignment[],
  results: readonly BuildResult[],
): Promise<{ results: BuildResult[]; left: StandingEntry[] }> {
  const paths = recordings.map(({ split, entry }) =>
    entryPath({ cacheDir: splitFolder(cacheDir, split), entry }),
  );
  const own = new Set(paths);
  const standing = await standingEntries(cacheDir);
  const duplicates = findDuplicates(standing, ({ path }) => own.has(path));
  const found = new Map(duplicates.map((duplicate) => [duplicate.entry.path, duplicate]));
  for (const path of found.keys()) await rm(path, { force: true });
  const told = results.map((result, index): BuildResult => {
    const duplicate = found.get(paths[index]!);
    if (duplicate === undefined) return result;
    const { entry, of, isLabelledOtherwise } = duplicate;
    return {
      outcome: 'duplicate',
      name: recordings[index]!.entry,
      of: `${of.split}/${of.name}`,
      key: entry.provenance.key,
      ofKey: of.provenance.key,
      isLabelledOtherwise,
    };
  });
  return { results: told, left: standing.filter(({ path }) => !found.has(path)) };
}

/** Without an entry, what was said about the split's entries goes too. */
async function removeEmptySplit(folder: string): Promise<void> {
  if ((await listEntries(folder)).length > 0) return;
  for (const name of [MANIFEST_FILE, CENSUS_FILE]) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => undefined);
}

/** Looks at the cache's own contents once more: patients apart, and what is of no recording here is named. */
function reviewOthers(
  standing: readonly StandingEntry[],
  cacheDir: string,
  assigned: readonly Assignment[],
  splits: ReadonlySet<Split>,
  say: (sentence: string) => void,
): void {
  requirePatientsApart(standing.map(asWhere));
  const claimed = new Set(
    assigned.map(({ split, entry }) => entryPath({ cacheDir: splitFolder(cacheDir, split), entry })),
  );
  const others = standing.filter(({ split, path }) => splits.has(split) && !claimed.has(path));
  if (others.length > 0)
    say(
      `${others.length} entries in the cache are of no recording here and stay, such as ${others[0]!.path}. Remove those that should not be trained on.`,
    );
}

function noneUsable(censuses: readonly Census[], dataDirs: readonly string[]): InputError {
  const reasons = censuses.flatMap(({ rejected, unlabelled, duplicates }) => [
    ...rejected,
    ...unlabelled.map((name) => ({
      name,
      reason: `${name}: no annotation was found, and unlabelled is not seizure-free`,
    })),
    ...duplicates.map(({ name, of }) => ({ name, reason: `${name}: its samples are those of ${of}` })),
  ]);
  return new InputError(
    'DATA_EMPTY',
    `None of the ${counted(reasons.length, 'recording')} in ${dataDirs.join(', ')} can be used:\n  ${reasonLines(reasons).join('\n  ')}`,
  );
}
