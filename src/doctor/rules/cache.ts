import { rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CENSUS_FILE } from '../../cache/index.ts';
import { commandLine, counted } from '../../words.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { RecordingPlace, Subject } from '../subject.ts';
import { building, excludedIn, hasEntries, limitedSplits, some, splitsOf, unbuilt } from './cache-state.ts';

/** The folders of a cache, and what they hold of the recordings. */
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
      const tried = subject.recordings?.tried ?? [];
      const isExplained = tried.length > 0 && tried.every(({ problem }) => problem !== null);
      return [
        {
          about: cache.folder,
          ...(isExplained && {
            cause: 'None of the recordings can be used as they are: see the findings about them.',
          }),
          evidence: `${cache.folder} ${cache.isThere ? `holds no entry to train on${others.length > 0 ? `, only ${others.join(' and ')}` : ''}` : 'is not there'}`,
          fix: isExplained
            ? { command: null, says: 'Mend what is said of the recordings.' }
            : building(subject),
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
    looksAt:
      'census.json, which a build writes last, where the recordings are not at hand and no manifest was written after it',
    evidence: 'the entries there without a census and a manifest',
    cause: 'The build was interrupted: what it had not come to is missing.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`',
    look: (subject) =>
      splitsOf(subject)
        .filter(
          ({ hasCensus, manifest, survey }) =>
            !hasCensus && manifest.isMissing && survey.entries.size > 0 && subject.recordings === null,
        )
        .filter(({ survey }) =>
          [...survey.entries.values()].every(
            ({ provenance }) => Object.keys(provenance.preprocessing).length > 0,
          ),
        )
        .map((split) => ({
          about: split.folder,
          evidence: `${split.folder} holds ${counted(split.survey.entries.size, 'entry', 'entries')} and no census.json`,
          fix: building(subject),
        })),
  },
  {
    id: 'D11',
    name: 'census-damaged',
    group: 'cache',
    severity: 'wasteful',
    title: 'It cannot be read what a build left out',
    looksAt: 'census.json of each split',
    evidence: 'what is wrong with it',
    cause:
      'A disk was full, a copy was cut short, or it was edited: rejected and unlabelled recordings are out of sight.',
    fix: '`bgb build-cache --data-dir DATA --cache-dir CACHE --config CONFIG`, which writes it anew; or `rm` it',
    look: (subject) =>
      splitsOf(subject)
        .filter(({ censusProblem }) => censusProblem !== null)
        .map(({ folder, censusProblem }) => {
          const build = building(subject);
          return {
            about: folder,
            evidence: censusProblem!.split('. Run bgb')[0]!,
            fix:
              build.command === null
                ? {
                    command: commandLine('rm', join(folder, CENSUS_FILE)),
                    says: `Remove it. ${build.says}`,
                  }
                : build,
          };
        }),
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
          evidence: `${counted(left.length, 'file')}: ${some(left)}`,
          fix: {
            command: commandLine('bgb', 'doctor', subject.target.path, '--fix'),
            says: 'Remove them.',
          },
          repair: {
            says: `remove ${counted(left.length, 'temporary file')}: ${some(left)}`,
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
    fix: 'rename or remove one of the two; or `bgb doctor CONFIG --write data.exclude+=NAME` and build',
    look: (subject) => collisions(subject),
  },
];

function collisions(subject: Subject): Found[] {
  const { recordings } = subject;
  if (recordings === null) return [];
  const fix = { command: null, says: 'Rename or remove one of the two, then build the cache.' };
  const found: Found[] = [];
  const excluded = new Set(excludedIn(subject));
  const called = ({ name, entry }: RecordingPlace) => entry.replace(/\.npz$/, extname(name));
  for (const same of Map.groupBy(
    recordings.recordings.filter((recording) => !excluded.has(called(recording))),
    ({ folder, name }) => join(folder, name.replace(/\.(edf|bdf)$/i, '')),
  ).values()) {
    if (same.length < 2) continue;
    // The one that has the entry stays.
    const kept = same.find((recording) => hasEntryOf(recording, subject)) ?? same[0];
    const others = same.filter((recording) => recording !== kept).map(called);
    const command = subject.commands.leaveOut(others);
    found.push({
      evidence: same.map(({ folder, name }) => join(folder, name)).join(' and '),
      fix:
        command === null
          ? fix
          : {
              command,
              says: `Leave ${others.join(' and ')} out; or rename or remove one of the two and build.`,
            },
    });
  }
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

function hasEntryOf({ name, entry }: RecordingPlace, subject: Subject): boolean {
  return splitsOf(subject).some(
    ({ survey }) => survey.entries.get(entry)?.provenance.recording.name === basename(name),
  );
}
