import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { assignRecordings, entryName, labelsOf, listRecordings } from '../cache/index.ts';
import { type Config, configSchema, SPLITS, type Split, splitNamed } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { alteredInputs, touchedSince } from './look-inputs.ts';
import { type Machine, mountAt, slownessOf } from './machine.ts';
import type { AlteredInput, CacheSubject, RecordingPlace, RecordingsSubject } from './subject.ts';
import { namelessOf, tryRecordings } from './try-recordings.ts';

/** So many recordings without an entry are opened. */
const MOST_TRIED = 30;
/** So many of a folder alone. */
const MOST_SAMPLED = 300;

/**
 * Recordings below `data.data_dir`, and what has become of them since they were built; null where it names no folder, or none
 * that is there.
 */
export async function lookAtRecordings(
  config: Config,
  cache: CacheSubject | null,
  options: {
    readonly isDeep: boolean;
    /** Whether recordings without an entry are opened. */
    readonly isTried: boolean;
    readonly machine: Pick<Machine, 'mountinfo'>;
  },
): Promise<RecordingsSubject | null> {
  const { data, preprocessing } = config;
  const all = [data.data_dir ?? []].flat();
  const folders = all.filter((folder) => existsSync(folder));
  if (folders.length === 0) return null;
  const recordings = await placesIn(all);
  const left = new Set(data.exclude);
  const nameless = namelessOf(recordings, data.patient_pattern, all.length > 1).filter(
    (name) => !left.has(name),
  );
  const found = { folders, recordings, nameless };
  if (cache === null) return { ...found, altered: [], touched: new Set(), tried: [] };
  const mounts = folders.map((folder) => mountAt(options.machine, folder));
  const isSlow = mounts.some((mount) => mount !== null && slownessOf(mount) !== null);
  const altered = await alteredInputs(recordings, cache, {
    isDeep: options.isDeep,
    isRead: options.isTried,
    isSlow,
  });
  const open = options.isTried
    ? unsettled(recordings, cache.splits, excludedFrom(config, cache), altered)
    : [];
  return {
    ...found,
    altered,
    touched: touchedSince(recordings, cache),
    tried: await tryRecordings(open, { data, preprocessing, most: MOST_TRIED }),
  };
}

/** Recordings of which it is to be told what a build would say now: those without an entry, and those that have changed. */
function unsettled(
  recordings: readonly RecordingPlace[],
  splits: CacheSubject['splits'],
  excluded: readonly string[],
  altered: readonly AlteredInput[],
): RecordingPlace[] {
  const changed = new Set(altered.filter(({ state }) => state === 'changed').map(({ entry }) => entry));
  const left = new Set(unaccounted(recordings, splits, excluded));
  const names = new Set(excluded.map(entryName));
  return recordings.filter(
    (recording) => left.has(recording) || (changed.has(recording.entry) && !names.has(recording.entry)),
  );
}

/** Recordings of a folder that was asked about by itself. @param isDeep open all of them */
export async function lookIntoRecordings(
  folder: string,
  { isDeep = false } = {},
): Promise<RecordingsSubject> {
  const recordings = await placesIn([folder]);
  const { data } = configSchema.parse({});
  const most = isDeep ? Infinity : MOST_SAMPLED;
  return {
    folders: [folder],
    recordings,
    altered: [],
    touched: new Set(),
    tried: await tryRecordings(recordings, { data, preprocessing: null, most }),
    nameless: namelessOf(recordings, null, false),
  };
}

async function placesIn(folders: readonly string[]): Promise<RecordingPlace[]> {
  const recordings: RecordingPlace[] = [];
  const labels = labelsOf(folders.map((folder) => resolve(folder)));
  for (const [index, folder] of folders.entries())
    for (const name of await listRecordings(folder).catch(() => [])) {
      // A corpus's own split folders are no part of an entry's name.
      const inside = name.split('/');
      const rest = splitNamed(inside[0]!) !== null && inside.length > 1 ? inside.slice(1).join('/') : name;
      const entry = entryName(rest);
      recordings.push({ folder, name, entry: folders.length > 1 ? `${labels[index]}/${entry}` : entry });
    }
  return recordings;
}

/**
 * The split that all recordings were built as, where the configuration would divide them otherwise than their entries lie: a
 * build that divides them would move entries. null where it would not, or where the corpus has splits of its own.
 */
export async function builtAs(
  { folders, recordings }: RecordingsSubject,
  { splits }: CacheSubject,
  { data, experiment }: Config,
): Promise<Split | null> {
  const isOfficial = folders.some(
    (folder) =>
      splitNamed(basename(resolve(folder))) !== null ||
      [...SPLITS, 'val'].some((name) => existsSync(join(folder, name))),
  );
  if (isOfficial) return null;
  const entries = new Set(recordings.map(({ entry }) => entry));
  const holding = splits.filter(({ survey }) => [...survey.entries.keys()].some((name) => entries.has(name)));
  if (holding.length !== 1) return null;
  const [{ split, survey }] = holding as [CacheSubject['splits'][number]];
  const choice = {
    dataDirs: folders,
    split: null,
    splitFile: data.split_file,
    validationSplit: data.validation_split,
    seed: experiment.seed,
    patientPattern: data.patient_pattern,
  };
  try {
    const divided = await assignRecordings(choice, () => undefined);
    const isAsDivided = divided.every(
      (recording) => recording.split === split || !survey.entries.has(entryName(recording.entry)),
    );
    return isAsDivided ? null : split;
  } catch (error) {
    if (error instanceof InputError) return split;
    throw error;
  }
}

/** Recordings that are in no split's entries and left out by none's last build, nor on purpose. */
export function unaccounted(
  recordings: readonly RecordingPlace[],
  splits: CacheSubject['splits'],
  excluded: readonly string[],
): RecordingPlace[] {
  const accounted = new Set(excluded.map(entryName));
  for (const { survey, unusable, foreign, losses } of splits) {
    for (const name of survey.entries.keys()) accounted.add(name);
    for (const name of [...unusable.map((each) => each.name), ...foreign]) accounted.add(name);
    const left = [...(losses?.rejected ?? []), ...(losses?.duplicates ?? [])].map(({ name }) => name);
    for (const name of [...left, ...(losses?.unlabelled ?? [])]) accounted.add(entryName(name));
  }
  return recordings.filter(({ entry }) => !accounted.has(entry));
}

/** Recordings that are left out on purpose: as a configuration says, or else as the last build was told. */
export function excludedFrom(config: Config | null, cache: CacheSubject | null): readonly string[] {
  if (config !== null) return config.data.exclude;
  return (cache?.splits ?? []).flatMap(({ losses }) => losses?.excluded ?? []);
}
