import type { Fix } from '../finding.ts';
import type { SplitSubject, Subject } from '../subject.ts';

/** Names of some, and how many more there are. */
export function some(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The splits of the cache; none where there is none to look at. */
export function splitsOf({ cache }: Subject): readonly SplitSubject[] {
  return cache?.splits ?? [];
}

/** Whether a split's folder holds any entry, of whatever state. */
export function hasEntries({ survey, unusable, foreign }: SplitSubject): boolean {
  return survey.entries.size + unusable.length + foreign.length > 0;
}

/** Building what is missing or wrong, where the recordings are known. */
export function building({ commands, config }: Subject): Fix {
  const command = commands.buildCache();
  if (command !== null)
    return { command, says: 'Build the cache with this configuration; entries that fit are kept.' };
  return {
    command: null,
    says:
      config === null
        ? 'Run bgb doctor with the configuration that trains from this cache: with its data.data_dir the command can be told.'
        : `${config.loaded.config.data.data_dir === null ? 'Set data.data_dir to the folder of the recordings' : `data.data_dir is ${[config.loaded.config.data.data_dir].flat().join(', ')}, which is not there: correct it`}, then run bgb build-cache.`,
  };
}

/** Recordings that no split has, or accounts for. */
export function unbuilt({ recordings, cache }: Subject): string[] {
  if (recordings === null || cache === null) return [];
  const accounted = new Set<string>();
  for (const { survey, unusable, foreign, losses } of cache.splits) {
    for (const name of survey.entries.keys()) accounted.add(name);
    for (const name of [...unusable.map((each) => each.name), ...foreign]) accounted.add(name);
    const left = [...(losses?.rejected ?? []), ...(losses?.duplicates ?? [])].map(({ name }) => name);
    for (const name of [...left, ...(losses?.unlabelled ?? [])])
      accounted.add(name.replace(/\.(edf|bdf)$/i, '.npz'));
  }
  // With several data folders, entries lie below a folder's name.
  const isAccounted = (entry: string) =>
    accounted.has(entry) ||
    (recordings.folders.length > 1 && [...accounted].some((name) => name.endsWith(`/${entry}`)));
  return recordings.recordings.filter(({ entry }) => !isAccounted(entry)).map(({ name }) => name);
}

/** Splits that were built under a limit. */
export function limitedSplits(subject: Subject): SplitSubject[] {
  return splitsOf(subject).filter(({ losses }) => losses?.limitedFrom != null);
}
