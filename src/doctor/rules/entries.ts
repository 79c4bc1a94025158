import { join } from 'node:path';
import { requireSettings } from '../../data/index.ts';
import { InputError } from '../../errors.ts';
import { commandLine, counted } from '../../words.ts';
import type { Fix, Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SplitSubject, Subject } from '../subject.ts';
import { building, some, splitsOf } from './cache-state.ts';

/** The entries of a cache, each by itself. */
export const ENTRIES: readonly Rule[] = [
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
          evidence: `${counted(foreign.length, 'entry was', 'entries were')} made elsewhere: ${some(foreign)}`,
          fix: {
            command: steps.filter((step) => step !== null).join(' && '),
            says: `Convert them once, into ${target}.`,
          },
        },
      ];
    },
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
            : rebuilding(split, names, subject),
      },
    ];
  });
}

/** Building entries again; those of no recording here have to go first. */
function rebuilding({ folder }: SplitSubject, names: readonly string[], subject: Subject): Fix {
  const build = building(subject);
  const places = subject.recordings?.recordings ?? [];
  const known = new Set(places.map(({ entry }) => entry));
  const strangers = names.filter((name) => !known.has(name));
  if (strangers.length === 0) return build;
  const move = subject.commands.moveAside(folder, strangers);
  return {
    command: move === null ? null : `${move} && ${build.command}`,
    says: `Move ${strangers.length === names.length ? 'them' : `the ${strangers.length} of no recording here`} aside, and build.`,
  };
}
