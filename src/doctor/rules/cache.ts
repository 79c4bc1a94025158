import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireSettings } from '../../data/index.ts';
import { InputError } from '../../errors.ts';
import { commandLine } from '../command-line.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SplitSubject, Subject } from '../subject.ts';

/** Names of some, and how many more there are. */
export function some(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

function splitsOf({ cache }: Subject): readonly SplitSubject[] {
  return cache?.splits ?? [];
}

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
        : 'Set data.data_dir to the folder of the recordings, then run bgb build-cache.',
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

function limitedSplits(subject: Subject): SplitSubject[] {
  return splitsOf(subject).filter(({ losses }) => losses?.limitedFrom != null);
}

/** Entries and folders of a cache. */
export const CACHE: readonly Rule[] = [
  {
    id: 'C4',
    name: 'cache-unreadable',
    group: 'cache',
    severity: 'worthless result',
    title: 'The cache cannot be read as one',
    looksAt: 'the folders of its splits, and whether entries lie in them',
    evidence: 'what is wrong',
    cause: 'Two folders stand for one split (val and dev), or a link leads out of the cache.',
    fix: 'remove or rename what the evidence names',
    look: ({ cache }) =>
      cache?.problem == null
        ? []
        : [
            {
              about: cache.folder,
              evidence: cache.problem,
              fix: { command: null, says: 'Keep one of the two, or copy what is linked.' },
            },
          ],
  },
  {
    id: 'D4',
    name: 'cache-missing',
    group: 'cache',
    severity: 'worthless result',
    title: 'There is nothing in the cache',
    looksAt: 'data.cache_dir and the entries of its train split',
    evidence: 'the folder, and what it holds',
    cause: 'The cache has not been built, or it was built in another folder.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`',
    look: (subject) => {
      const { cache } = subject;
      if (cache === null || cache.problem !== null) return [];
      const isFilled = cache.splits.some(
        (split) => split.split !== 'dev' && split.split !== 'eval' && hasEntries(split),
      );
      if (isFilled || (subject.config === null && cache.splits.some(hasEntries))) return [];
      const others = cache.splits.filter(hasEntries).map(({ split }) => split);
      return [
        {
          about: cache.folder,
          evidence: `${cache.folder} ${cache.isThere ? `holds no entry to train on${others.length > 0 ? `, only ${others.join(' and ')}` : ''}` : 'is not there'}`,
          fix: building(subject),
        },
      ];
    },
  },
  {
    id: 'D4',
    name: 'cache-incomplete',
    group: 'cache',
    severity: 'wasteful',
    title: 'Recordings have no entry in the cache',
    looksAt: 'data.data_dir, the entries of all splits, and what the last build rejected or left out',
    evidence: 'how many recordings are neither, and some of their names',
    cause: 'A build was interrupted, recordings have come since, or entries were removed.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`, which goes on where it was',
    look: (subject) => {
      const missing = unbuilt(subject);
      const isEmpty = !splitsOf(subject).some(hasEntries);
      if (missing.length === 0 || isEmpty || limitedSplits(subject).length > 0) return [];
      return [
        {
          about: subject.cache!.folder,
          evidence: `${missing.length} of ${subject.recordings!.recordings.length} recordings have no entry and no reason: ${some(missing)}`,
          fix: building(subject),
        },
      ];
    },
  },
  {
    id: 'D11',
    name: 'cache-unfinished',
    group: 'cache',
    severity: 'wasteful',
    title: 'No build of a split has finished',
    looksAt: 'census.json, which a build writes last; asked where the recordings are not at hand',
    evidence: 'the entries there without a census',
    cause: 'The build was interrupted: what it had not come to is missing.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`',
    look: (subject) =>
      splitsOf(subject)
        .filter(
          ({ hasCensus, survey }) => !hasCensus && survey.entries.size > 0 && subject.recordings === null,
        )
        .filter(({ survey }) =>
          [...survey.entries.values()].every(
            ({ provenance }) => Object.keys(provenance.preprocessing).length > 0,
          ),
        )
        .map((split) => ({
          about: split.folder,
          evidence: `${split.folder} holds ${split.survey.entries.size} entries and no census.json`,
          fix: building(subject),
        })),
  },
  {
    id: 'H1',
    name: 'cache-limited',
    group: 'cache',
    severity: 'wasteful',
    title: 'The cache was built under BGB_LIMIT_FILES',
    looksAt: "the census of each split's last build",
    evidence: 'recordings taken, of how many',
    cause: 'BGB_LIMIT_FILES was set when the cache was built.',
    fix: '`env -u BGB_LIMIT_FILES bgb build-cache ...`, which adds the rest',
    look: (subject) =>
      limitedSplits(subject).map(({ folder, losses }) => ({
        about: folder,
        evidence: `${folder}: the last build took ${losses!.recordings} of ${losses!.limitedFrom} recordings`,
        fix: building(subject),
      })),
  },
  {
    id: 'D3',
    name: 'cache-other-settings',
    group: 'cache',
    severity: 'worthless result',
    title: 'Entries were built with other settings',
    looksAt: "each entry's preprocessing and labels, and the configuration's, or the other entries'",
    evidence: 'how many entries, and which settings differ',
    cause: 'preprocessing or data.labels changed after the cache was built.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`, which builds those again',
    look: (subject) => otherSettings(subject),
  },
  {
    id: 'D3',
    name: 'cache-old-format',
    group: 'cache',
    severity: 'worthless result',
    title: "Entries are of another version of bgb's format",
    looksAt: "each entry's format version",
    evidence: 'how many, and which version',
    cause: 'The cache was built by another version of bgb.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`, which builds them again',
    look: (subject) => unusable(subject, true),
  },
  {
    id: 'D11',
    name: 'cache-corrupt',
    group: 'cache',
    severity: 'worthless result',
    title: 'Entries are damaged',
    looksAt: "each entry's directory, headers and sizes; with --deep the checksums of all it holds",
    evidence: 'how many, which, and what is wrong with the first',
    cause: 'A disk was full or a copy was cut short.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`, or `mv` the entry aside',
    look: (subject) => unusable(subject, false),
  },
  {
    id: 'D9',
    name: 'cache-foreign',
    group: 'cache',
    severity: 'wasteful',
    title: 'Entries are compressed files of another program',
    looksAt: 'the members of each .npz file',
    evidence: 'how many',
    cause: 'A whole recording is inflated to read one window of it; reading from disk is refused.',
    fix: '`bgb convert-cache --from CACHE --to NEW`',
    look: (subject) => {
      const foreign = splitsOf(subject).flatMap((split) => split.foreign);
      if (foreign.length === 0) return [];
      const { folder } = subject.cache!;
      const target = `${folder.replace(/\/+$/, '')}-converted`;
      const steps = [
        commandLine('bgb', 'convert-cache', '--from', folder, '--to', target),
        subject.commands.scanCache({ folder: target }),
        ...(subject.config === null
          ? []
          : [subject.commands.write(subject.config.path, [`data.cache_dir=${target}`])]),
      ];
      return [
        {
          about: folder,
          evidence: `${foreign.length} entries were made elsewhere: ${some(foreign)}`,
          fix: {
            command: steps.filter((step) => step !== null).join(' && '),
            says: `Convert them once, into ${target}.`,
          },
        },
      ];
    },
  },
  {
    id: 'D11',
    name: 'leftovers',
    group: 'cache',
    severity: 'note',
    title: 'Temporary files were left behind',
    looksAt: 'names of temporary files older than 15 minutes',
    evidence: 'how many',
    cause: 'A build or a run was killed while it wrote; the files are of no use.',
    fix: '`bgb doctor PATH --fix`',
    look: (subject) => {
      const left = [
        ...splitsOf(subject).flatMap(({ leftovers }) => leftovers),
        ...(subject.run?.leftovers ?? []),
      ];
      if (left.length === 0) return [];
      return [
        {
          evidence: `${left.length} files: ${some(left)}`,
          fix: {
            command: commandLine('bgb', 'doctor', subject.target.path, '--fix'),
            says: 'Remove them.',
          },
          repair: {
            says: `remove ${left.length} temporary files: ${some(left)}`,
            mend: async () => {
              for (const path of left) await rm(path, { force: true });
            },
          },
        },
      ];
    },
  },
  {
    id: 'D10',
    name: 'stem-collision',
    group: 'cache',
    severity: 'worthless result',
    title: 'Two recordings would share one cache entry',
    looksAt: 'the names of recordings below data.data_dir, and entries without folders',
    evidence: 'both names',
    cause:
      'Entries are named by the recording without its ending: one of the two takes the place of the other.',
    fix: 'rename or remove one of the two',
    look: (subject) => collisions(subject),
  },
];

function otherSettings(subject: Subject): Found[] {
  const found: Found[] = [];
  for (const split of splitsOf(subject)) {
    const entries = [...split.survey.entries].map(([name, { provenance }]) => ({
      path: join(split.folder, name),
      channels: provenance.channels.length,
      provenance,
    }));
    const differing = subject.config === null ? unlikeTheFirst(entries) : unlikeTheConfig(entries, subject);
    if (differing.length === 0) continue;
    found.push({
      about: split.folder,
      evidence: `${differing.length} of ${entries.length} entries in ${split.folder}: ${differing[0]!.reason}`,
      fix: building(subject),
    });
  }
  return found;
}

type Entry = Parameters<typeof requireSettings>[0];

function unlikeTheConfig(entries: readonly Entry[], { config }: Subject): { reason: string }[] {
  const { data, preprocessing } = config!.loaded.config;
  const asked = {
    preprocessing: { ...preprocessing, sampling_rate: data.sampling_rate },
    labels: data.labels,
  };
  return entries.flatMap((entry) => {
    try {
      requireSettings(entry, asked);
      return [];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const [reason] = error.message.split('. Run ');
      return [
        {
          reason: reason!.replace(
            /^The cache entry \S+ was built with other settings than the configuration's: /,
            '',
          ),
        },
      ];
    }
  });
}

/** Without a configuration, entries can only be told from each other: the few from the many. */
function unlikeTheFirst(entries: readonly Entry[]): { reason: string }[] {
  const kinds = Map.groupBy(entries, ({ provenance }) =>
    JSON.stringify([provenance.preprocessing, provenance.label_map]),
  );
  if (kinds.size < 2) return [];
  const [, ...rest] = [...kinds.values()].sort((a, b) => b.length - a.length);
  return rest.flat().map(({ path }) => ({ reason: `${path} has other settings than most` }));
}

function unusable(subject: Subject, isOfOtherVersion: boolean): Found[] {
  return splitsOf(subject).flatMap((split): Found[] => {
    const bad = split.unusable.filter((each) => each.isOfOtherVersion === isOfOtherVersion);
    if (bad.length === 0) return [];
    const names = bad.map(({ name }) => name);
    const build = building(subject);
    return [
      {
        about: split.folder,
        evidence: `${bad.length} of ${bad.length + split.survey.entries.size} entries in ${split.folder} (${some(names)}): ${bad[0]!.reason.split('. Make it')[0]}`,
        fix:
          build.command === null
            ? {
                command: subject.commands.setAside(split.folder, names),
                says: `Move them aside and list the rest. ${build.says}`,
              }
            : build,
      },
    ];
  });
}

function collisions(subject: Subject): Found[] {
  const { recordings } = subject;
  if (recordings === null) return [];
  const fix = { command: null, says: 'Rename or remove one of the two, then build the cache.' };
  const found: Found[] = [];
  for (const same of Map.groupBy(recordings.recordings, ({ folder, name }) =>
    join(folder, name.replace(/\.(edf|bdf)$/i, '')),
  ).values())
    if (same.length > 1)
      found.push({ evidence: same.map(({ folder, name }) => join(folder, name)).join(' and '), fix });
  const flat = new Set(
    splitsOf(subject)
      .flatMap(({ foreign }) => foreign)
      .filter((name) => !name.includes('/')),
  );
  for (const [stem, same] of Map.groupBy(recordings.recordings, ({ entry }) => entry.split('/').at(-1)!))
    if (flat.has(stem) && new Set(same.map(({ entry }) => entry)).size > 1)
      found.push({ evidence: `${stem} stands for ${same.map(({ name }) => name).join(' and ')}`, fix });
  return found;
}
