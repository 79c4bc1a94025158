import { canonicalJson } from '../files/index.ts';
import type { EpochRecord, RecordingRecord, SplitRecord } from '../runs/index.ts';
import { clause, type Finding } from './finding.ts';
import type { RunSide } from './run-side.ts';

/** Whether two runs are known to have had the same recordings, labels and windows, in one split or in all. */
export function hasSameData(
  a: RunSide,
  b: RunSide,
  found: readonly Finding[],
  split: string | null = null,
): boolean {
  const isKnown = [a, b].every(({ run, recordings }) => run.splits !== null && recordings !== null);
  return (
    isKnown && !found.some(({ what }) => split === null || what === split || what.startsWith(`${split}/`))
  );
}

/** In what the data of two runs differ: recordings first, then counts and manifests that no recording explains. */
export function dataDifferences(a: RunSide, b: RunSide): Finding[] {
  const splits = [...new Set([...splitsOf(a), ...splitsOf(b)])];
  const found = splits.flatMap((split) => {
    const recordings = inRecordings(split, a.recordings?.[split] ?? null, b.recordings?.[split] ?? null, [
      a,
      b,
    ]);
    const others = recordings.length > 0 ? [] : inHashes(split, a, b);
    const isExplained = recordings.length + others.length > 0;
    return [
      ...recordings,
      ...others,
      ...inManifests(split, a.run.splits?.[split], b.run.splits?.[split], isExplained),
    ];
  });
  const isExplained = found.some(({ what }) => what.startsWith('train')) || haveOtherBalance(a, b);
  return [...inWeights(a, b), ...found, ...inEpochs(a.run.epoch, b.run.epoch, isExplained)];
}

/** Of a run that started from weights, which a name does not say. */
function inWeights(
  { run: { initialWeights: a } }: RunSide,
  { run: { initialWeights: b } }: RunSide,
): Finding[] {
  if (a === null || b === null || a === b) return [];
  return [
    {
      ...{ kind: 'data', what: 'initial_weights', isAllowed: false, effect: 'loss', a, b },
      text: clause('the hash of the weights that it starts from', a, b),
    },
  ];
}

function haveOtherBalance({ config: { data: a } }: RunSide, { config: { data: b } }: RunSide): boolean {
  const balance = ({ use_balanced_sampling, balance: { full_ratio, background_ratio } }: typeof a) =>
    canonicalJson([use_balanced_sampling, full_ratio, background_ratio]);
  return balance(a) !== balance(b);
}

/**
 * Counts of an epoch follow from windows and configuration, and are wrong where neither explains them; that the plain set
 * stood in for the balanced one never is.
 */
function inEpochs(a: EpochRecord | null, b: EpochRecord | null, isExplained: boolean): Finding[] {
  if (a === null || b === null) return [];
  const isFallback = a.is_unbalanced_fallback !== b.is_unbalanced_fallback;
  const isAllowed = isExplained || isFallback;
  return (Object.keys(a) as (keyof EpochRecord)[])
    .filter((name) => a[name] !== b[name])
    .map((name): Finding => {
      const what = { kind: 'manifest', what: `epoch/${name}`, a: a[name], b: b[name] } as const;
      if (name === 'is_unbalanced_fallback')
        return {
          ...{ ...what, isAllowed: false, effect: 'windows' },
          text: `the plain set stood in for the balanced one in ${a[name] ? 'A' : 'B'} alone`,
        };
      return {
        ...{ ...what, isAllowed, effect: isAllowed ? 'none' : 'windows' },
        text: `${clause(`an epoch's number of windows (${name})`, a[name], b[name])}${isAllowed ? '' : ', from the same windows by the same settings'}`,
      };
    });
}

function splitsOf({ run }: RunSide): string[] {
  return Object.keys(run.splits ?? run.data);
}

function effectIn(split: string): Finding['effect'] {
  // Dev is what a training is judged on, which it does not learn from.
  return split === 'train' ? 'windows' : 'none';
}

function inRecordings(
  split: string,
  a: readonly RecordingRecord[] | null,
  b: readonly RecordingRecord[] | null,
  sides: readonly RunSide[],
): Finding[] {
  if (a === null || b === null) return missingSplit(split, a, b, sides);
  const [inA, inB] = [byName(a), byName(b)];
  const [onlyA, onlyB] = [a.filter(({ name }) => !inB.has(name)), b.filter(({ name }) => !inA.has(name))];
  const finding = (name: string, text: string, one: unknown, other: unknown): Finding => ({
    ...{ kind: 'data', what: `${split}/${name}`, isAllowed: false, effect: effectIn(split), text },
    ...{ a: one, b: other },
  });
  const renamed = onlyA.flatMap((one) => {
    const other = onlyB.find((each) => contentOf(each) === contentOf(one));
    return other === undefined ? [] : [[one, other] as const];
  });
  const isRenamed = (recording: RecordingRecord) => renamed.some((pair) => pair.includes(recording));
  return [
    ...onlyA
      .filter((recording) => !isRenamed(recording))
      .map(({ name }) => finding(name, `${split}/${name} is only in A`, name, null)),
    ...onlyB
      .filter((recording) => !isRenamed(recording))
      .map(({ name }) => finding(name, `${split}/${name} is only in B`, null, name)),
    ...renamed.map(([one, other]) =>
      finding(
        one.name,
        `${split}/${one.name} in A is ${other.name} in B, with the same content: the order of windows hangs on names`,
        one.name,
        other.name,
      ),
    ),
    ...a.flatMap((one) => {
      const other = inB.get(one.name);
      const found = other === undefined ? null : inContent(one, other);
      return found === null
        ? []
        : [finding(one.name, `${split}/${one.name} has ${found.text}`, found.a, found.b)];
    }),
  ];
}

/** A split that only one run has: listed as one, not by recordings. */
function missingSplit(
  split: string,
  a: readonly RecordingRecord[] | null,
  b: readonly RecordingRecord[] | null,
  sides: readonly RunSide[],
): Finding[] {
  // A run of an earlier version has no list: that is not known to be a difference.
  if ((a === null) === (b === null) || sides.some(({ recordings }) => recordings === null)) return [];
  return [
    {
      ...{ kind: 'data', what: split, isAllowed: false, effect: effectIn(split) },
      ...{ a: a?.length ?? null, b: b?.length ?? null },
      text: `the split ${split} is only in ${a === null ? 'B' : 'A'}`,
    },
  ];
}

function byName(recordings: readonly RecordingRecord[]): Map<string, RecordingRecord> {
  return new Map(recordings.map((recording) => [recording.name, recording]));
}

function contentOf({ recording, annotations, preprocessing, signal, labels }: RecordingRecord): string {
  return canonicalJson([recording, annotations, preprocessing, signal, labels]);
}

/** In what two entries of one name differ, the first cause before what follows from it; null where in nothing. */
function inContent(a: RecordingRecord, b: RecordingRecord): { text: string; a: unknown; b: unknown } | null {
  const differs = (field: keyof RecordingRecord) => a[field] !== b[field];
  const of = (field: keyof RecordingRecord, text: string) => ({ text, a: a[field], b: b[field] });
  const seizures = a.seizures === b.seizures ? '' : `, ${a.seizures} seizures in A and ${b.seizures} in B`;
  if (differs('preprocessing'))
    return of('preprocessing', 'other preprocessing, channels or meaning of labels');
  if (differs('recording'))
    return of(
      'recording',
      differs('signal') ? 'other samples (its file differs)' : 'another file with the same samples',
    );
  if (differs('annotations'))
    return of(
      'annotations',
      differs('labels')
        ? `other labels (its annotations differ${seizures})`
        : 'other annotation files with the same labels',
    );
  if (differs('labels')) return of('labels', `other labels from the same annotations${seizures}`);
  if (differs('signal')) return of('signal', 'other samples from the same file');
  if (differs('patient')) return of('patient', 'another patient');
  return null;
}

const CATEGORIES = ['partial_seizure', 'full_seizure', 'no_seizure'] as const;

/** Counts that moved; where no recording explains them, the manifest was made otherwise. */
function inManifests(
  split: string,
  a: SplitRecord | undefined,
  b: SplitRecord | undefined,
  isExplained: boolean,
): Finding[] {
  if (a === undefined || b === undefined) return [];
  const moved: [name: string, a: number, b: number][] = [
    ...(
      [
        'recordings',
        'patients',
        'recorded_s',
        'seizures',
        'seizure_s',
        'window',
        'stride',
        'listed',
        'found',
      ] as const
    ).map((name): [string, number, number] => [name, a[name], b[name]]),
    ...CATEGORIES.flatMap((name): [string, number, number][] => [
      [`manifest.${name}`, a.manifest[name], b.manifest[name]],
      [`used.${name}`, a.used[name], b.used[name]],
    ]),
  ].filter(([, one, other]) => one !== other);
  const finding = (what: string, one: unknown, other: unknown, text: string): Finding => ({
    ...{ kind: 'manifest', what: `${split}/${what}`, a: one, b: other, text },
    // What recordings explain is told as theirs; it is listed beside them.
    ...{ isAllowed: isExplained, effect: isExplained ? 'none' : effectIn(split) },
  });
  const counts = moved.map(([name, one, other]) =>
    finding(name, one, other, clause(`${split}'s ${countName(name)}`, one, other)),
  );
  if (a.manifest_sha256 === b.manifest_sha256 || isExplained) return counts;
  const told = moved.length === 0 ? '' : `: ${counts.map(({ text }) => text).join(', ')}`;
  return [
    finding(
      'manifest',
      a.manifest_sha256,
      b.manifest_sha256,
      `${split}'s manifest was made otherwise, from the same recordings${told}`,
    ),
    ...counts.map((count): Finding => ({ ...count, isAllowed: true, effect: 'none' })),
  ];
}

const COUNT_NAMES: Readonly<Record<string, string>> = {
  recorded_s: 'recorded time (s)',
  seizure_s: 'seizure time (s)',
  window: 'window (samples)',
  stride: 'stride (samples)',
  listed: 'number of windows listed in its manifest',
  found: 'number of windows found in its cache',
};

/** `manifest.partial_seizure` as `number of windows (partial_seizure, manifest)`. */
function countName(name: string): string {
  const [place, category] = name.split('.');
  if (category !== undefined) return `number of windows (${category}, ${place})`;
  return COUNT_NAMES[name] ?? `number of ${name}`;
}

/** The hash of all entries tells of those that no run uses, and of all where a run did not record them one by one. */
function inHashes(split: string, a: RunSide, b: RunSide): Finding[] {
  const [one, other] = [a.run.data[split], b.run.data[split]];
  if (one === undefined || other === undefined || one === other) return [];
  const isListed = [a, b].every(({ recordings }) => recordings?.[split] !== undefined);
  const isLimited = [a, b].some(
    ({ config: { data } }) => data.max_samples !== null || data.max_hours !== null,
  );
  return [
    {
      ...{ kind: 'data', what: split, isAllowed: false, effect: effectIn(split), a: one, b: other },
      text:
        isListed && isLimited
          ? `${split} has other recordings among those that the limits of data leave out, and the order of windows hangs on all`
          : clause(`the hash of ${split}'s entries`, one.slice(0, 12), other.slice(0, 12)),
    },
  ];
}
