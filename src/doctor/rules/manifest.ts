import { join } from 'node:path';
import { MANIFEST_FILE, scanSplit } from '../../cache/index.ts';
import { counted } from '../../words.ts';
import type { Found, Repair } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SplitSubject, Subject } from '../subject.ts';

/** What is wrong with a manifest: one thing, the first that explains the rest. */
type Fault =
  | 'missing'
  | 'empty'
  | 'outside'
  | 'damaged'
  | 'other windows'
  | 'no seizures'
  | 'references'
  | 'stale';

/** The 5 % of references that may be missing while a cache is updated. */
const MOST_MISSING = 0.05;

interface Missing {
  readonly references: number;
  readonly all: number;
  readonly files: readonly string[];
}

/** References to entries that are not there at all; damaged ones have a rule of their own. */
function missingOf({ manifest: { manifest }, survey, unusable, foreign }: SplitSubject): Missing {
  const there = new Set([...survey.entries.keys(), ...unusable.map(({ name }) => name), ...foreign]);
  const windows =
    manifest === null ? [] : [...manifest.partial_seizure, ...manifest.full_seizure, ...manifest.no_seizure];
  const missing = windows.filter(({ cache_file }) => !there.has(cache_file));
  return {
    references: missing.length,
    all: windows.length,
    files: [...new Set(missing.map(({ cache_file }) => cache_file))],
  };
}

/** Whether a manifest of these entries may be written: it lists windows, and seizures among them. */
export function isListable({ listing: { counts } }: SplitSubject): boolean {
  return counts.partial_seizure + counts.full_seizure > 0;
}

/** Each rule asks; a large manifest is gone through once. */
const known = new WeakMap<SplitSubject, Fault | null>();

function faultOf(split: SplitSubject): Fault | null {
  if (!known.has(split)) known.set(split, findFault(split));
  return known.get(split)!;
}

function findFault(split: SplitSubject): Fault | null {
  const { manifest, unusable, listing } = split;
  // Of entries without a seizure no manifest is written; that is told as such.
  if (split.survey.entries.size === 0 || !isListable(split)) return null;
  if (manifest.isMissing) return 'missing';
  if (manifest.outside !== null) return 'outside';
  if (manifest.isEmpty) return 'empty';
  if (manifest.isOfOtherWindows) return 'other windows';
  if (manifest.manifest === null || manifest.problem !== null) return 'damaged';
  const { counts } = manifest.manifest;
  if (counts.partial_seizure + counts.full_seizure === 0) return 'no seizures';
  if (missingOf(split).references > 0) return 'references';
  // With damaged entries, what the manifest should say is known once they have been built again.
  return manifest.validity?.isValid === false && unusable.length === 0 && listing.recordings > 0
    ? 'stale'
    : null;
}

function pathOf({ folder }: SplitSubject): string {
  return join(folder, MANIFEST_FILE);
}

/** Writing it anew from the entries loses nothing: they are what it is made of. */
function rebuilding(split: SplitSubject): Repair | null {
  if (!isListable(split)) return null;
  return {
    says: `write ${pathOf(split)} anew, of ${counted(split.survey.entries.size, 'entry', 'entries')}`,
    mend: async () => {
      await scanSplit(split.folder, split.shape, { isRebuildForced: true });
    },
  };
}

function rule(
  fault: Fault,
  about: Pick<Rule, 'id' | 'name' | 'severity' | 'title' | 'looksAt' | 'evidence' | 'cause'>,
  evidenceOf: (split: SplitSubject) => string,
  more: (split: SplitSubject, subject: Subject) => Partial<Found> = () => ({}),
): Rule {
  return {
    ...about,
    group: 'manifest',
    fix: '`bgb scan-cache --cache-dir CACHE --config CONFIG`, or `bgb doctor CONFIG --fix`',
    look: (subject) =>
      (subject.cache?.splits ?? [])
        .filter((split) => faultOf(split) === fault)
        .map((split) => ({
          about: pathOf(split),
          evidence: evidenceOf(split),
          fix: {
            command: subject.commands.scanCache(),
            says: 'List the windows of the entries that are there.',
          },
          repair: rebuilding(split),
          ...more(split, subject),
        })),
  };
}

function entriesText({ survey, listing: { counts } }: SplitSubject): string {
  const windows = counts.partial_seizure + counts.full_seizure + counts.no_seizure;
  return `${counted(survey.entries.size, 'entry', 'entries')} with ${windows} windows`;
}

function countsText({
  partial_seizure,
  full_seizure,
  no_seizure,
}: SplitSubject['listing']['counts']): string {
  return `${partial_seizure} partly seizure, ${full_seizure} fully, ${no_seizure} without`;
}

/** Manifests that are not what the entries are. */
export const MANIFEST: readonly Rule[] = [
  rule(
    'missing',
    {
      id: 'D1',
      name: 'manifest-missing',
      severity: 'wasteful',
      title: 'A split has no manifest',
      looksAt: 'manifest.json of each split with entries',
      evidence: 'no file beside so many entries',
      cause: 'The cache was built and never scanned, or copied without its manifest.',
    },
    (split) => `${pathOf(split)} is not there; the folder holds ${entriesText(split)}`,
  ),
  rule(
    'empty',
    {
      id: 'D1',
      name: 'manifest-empty',
      severity: 'worthless result',
      title: 'A manifest lists nothing although the cache is full',
      looksAt: 'the windows that the manifest lists',
      evidence: '0 windows listed beside so many entries',
      cause: 'It was written before the cache was built.',
    },
    (split) => `${pathOf(split)} lists 0 windows; the folder holds ${entriesText(split)}`,
  ),
  rule(
    'outside',
    {
      id: 'D2',
      name: 'manifest-elsewhere',
      severity: 'worthless result',
      title: 'A manifest refers to files outside its cache',
      looksAt: 'the paths that the manifest lists',
      evidence: 'the first path that leads out of the folder',
      cause: 'It was written on another machine, or by another program: the paths are not of this cache.',
    },
    (split) =>
      `${pathOf(split)}: ${split.manifest.outside!.split('. ')[0]}; the folder holds ${entriesText(split)}`,
  ),
  rule(
    'other windows',
    {
      id: 'D3',
      name: 'manifest-other-windows',
      severity: 'wasteful',
      title: 'A manifest is of other windows',
      looksAt: "the manifest's window and stride, and the configuration's",
      evidence: 'both, in samples',
      cause: 'data.window_size, data.stride or data.sampling_rate have changed since it was written.',
    },
    (split) => `${pathOf(split)}: ${split.manifest.problem}`,
  ),
  rule(
    'damaged',
    {
      id: 'D11',
      name: 'manifest-damaged',
      severity: 'wasteful',
      title: 'A manifest cannot be read',
      looksAt: 'its form and its checksum',
      evidence: 'what is wrong with it',
      cause: 'It was cut short, edited, or written by another program.',
    },
    (split) => `${pathOf(split)}: ${split.manifest.problem}`,
  ),
  rule(
    'no seizures',
    {
      id: 'E1',
      name: 'manifest-no-seizures',
      severity: 'worthless result',
      title: 'A manifest lists no seizure although the entries hold some',
      looksAt: "the manifest's counts by category, and the entries' labels",
      evidence: 'both counts',
      cause: 'It was written when the entries had no seizure labels; a model could only learn to say no.',
    },
    (split) =>
      `${pathOf(split)} lists ${countsText(split.manifest.manifest!.counts)}; the entries have ${countsText(split.listing.counts)}`,
  ),
  rule(
    'references',
    {
      id: 'D2',
      name: 'manifest-references',
      severity: 'note',
      title: 'A manifest refers to entries that are not there',
      looksAt: 'every reference of the manifest',
      evidence: 'how many are missing, of how many, against the 5 % up to which it is still used',
      cause: 'Entries were removed, or the cache was not copied whole.',
    },
    (split) => {
      const { references, all, files } = missingOf(split);
      const share = references / all;
      return `${pathOf(split)}: ${references} of ${all} references (${(100 * share).toFixed(1)} %, ${share > MOST_MISSING ? 'more than' : 'within'} the 5 % that may be) are to ${counted(files.length, 'entry', 'entries')} that ${files.length === 1 ? 'is' : 'are'} not there, such as ${files[0]}`;
    },
    (split, subject) => {
      const { references, all, files } = missingOf(split);
      const known = new Set(subject.recordings?.recordings.map(({ entry }) => entry));
      const build = files.every((file) => known.has(file)) ? subject.commands.buildCache() : null;
      return {
        severity: references / all > MOST_MISSING ? 'worthless result' : 'note',
        fix:
          build === null
            ? {
                command: subject.commands.scanCache({ isForced: true }),
                says: 'List the windows of the entries that are left; or copy the others again first.',
              }
            : { command: build, says: 'Build the entries that are missing from their recordings.' },
        // Building is better than forgetting.
        ...(build !== null && { repair: null }),
      };
    },
  ),
  rule(
    'stale',
    {
      id: 'D2',
      name: 'manifest-stale',
      severity: 'wasteful',
      title: 'A manifest is not of the entries that are there',
      looksAt: "the manifest's data hash, windows and counts, and the entries'",
      evidence: 'what differs, and both counts',
      cause: 'Entries were built again or added after it was written.',
    },
    (split) =>
      `${pathOf(split)}: ${split.manifest.validity!.reason}; it lists ${countsText(split.manifest.manifest!.counts)}, the entries have ${countsText(split.listing.counts)}`,
  ),
  {
    id: 'E5',
    name: 'counts-moved',
    group: 'manifest',
    severity: 'note',
    title: 'The windows are others than in an earlier run of this configuration',
    looksAt:
      'windows by category of train, and of a balanced epoch, beside the newest run of the same configuration',
    evidence: 'both counts, and whether the code has changed',
    cause: 'The cache has changed since: entries were added, removed or built again.',
    fix: '`bgb build-cache ...` where entries are missing; else train anew, and compare no scores with the earlier run',
    look: (subject) => movedCounts(subject),
  },
];

function movedCounts(subject: Subject): Found[] {
  const { earlier, run, cache } = subject;
  const [last] = earlier;
  const train = cache?.splits.find(({ split }) => split === 'train');
  const before = last?.splits?.train;
  const now = run === null ? train?.listing.counts : run.fingerprint.splits?.train?.manifest;
  // Faults of the manifest or its entries are told as such.
  if (
    before === undefined ||
    now === undefined ||
    (run === null && (train!.unusable.length > 0 || faultOf(train!) !== null))
  )
    return [];
  const epochs = [last!.epoch, run?.fingerprint.epoch ?? null];
  const sizes = epochs.map((epoch) => epoch && epoch.partial_seizure + epoch.full_seizure + epoch.no_seizure);
  const isSame = countsText(before.manifest) === countsText(now) && (run === null || sizes[0] === sizes[1]);
  if (isSame) return [];
  const isLost = now.partial_seizure + now.full_seizure === 0;
  const changed = run !== null && run.fingerprint.environment.code_sha256 !== last!.environment.code_sha256;
  return [
    {
      severity: isLost ? 'worthless result' : 'note',
      evidence: `${last!.folder}: ${countsText(before.manifest)}; now ${countsText(now)}${run === null ? '' : `; an epoch ${sizes[0]} windows, now ${sizes[1]}`}${changed ? '; the code has changed, too' : ''}`,
      fix: {
        command: null,
        says: 'Find out which recordings have changed: bgb parity of both runs names them. Scores of the two cannot be compared.',
      },
    },
  ];
}
