import { entryName } from '../../cache/index.ts';
import type { Fix } from '../finding.ts';
import { excludedFrom, unaccounted } from '../look-recordings.ts';
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
export function building({ commands, config, recordings }: Subject): Fix {
  const command = commands.buildCache();
  if ((recordings?.nameless.length ?? 0) > 0)
    return { command: null, says: 'Say first whose the recordings are (data.patient_pattern), then build.' };
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

/** Recordings that no split has, or accounts for; but for those that a build would leave out, which are told as such. */
export function unbuilt(subject: Subject): string[] {
  const { recordings, cache } = subject;
  if (recordings === null || cache === null) return [];
  const { tried } = recordings;
  if (tried.length > 0 && tried.every(({ problem }) => problem !== null)) return [];
  const unusable = new Set(
    tried.filter(({ problem }) => problem !== null).map(({ name }) => entryName(name)),
  );
  return unaccounted(recordings.recordings, cache.splits, excludedIn(subject))
    .filter(({ entry }) => !unusable.has(entry))
    .map(({ name }) => name);
}

/** Recordings that are left out on purpose: as the configuration says, or, of a cache or a run, as its last build was told. */
export function excludedIn({ config, run, cache }: Subject): readonly string[] {
  return excludedFrom(run === null ? (config?.loaded.config ?? null) : null, cache);
}

/** Splits that were built under a limit. */
export function limitedSplits(subject: Subject): SplitSubject[] {
  return splitsOf(subject).filter(({ losses }) => losses?.limitedFrom != null);
}
