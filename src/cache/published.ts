import type { Split } from '../config/index.ts';

/** What is counted of a split of a corpus. */
export interface Figures {
  readonly files: number;
  readonly patients: number;
  readonly seizures: number;
  readonly seizureSeconds: number;
  readonly seconds: number;
}

const CORPUS = 'TUSZ 2.0.3';

/** The TUH EEG Seizure Corpus, release 2.0.3; other releases differ by a few. */
const PUBLISHED: Readonly<Record<Split, Figures>> = {
  train: { files: 4664, patients: 579, seizures: 2421, seizureSeconds: 175_125, seconds: 3_277_229 },
  dev: { files: 1832, patients: 53, seizures: 1081, seizureSeconds: 71_872, seconds: 1_567_972 },
  eval: { files: 865, patients: 43, seizures: 469, seizureSeconds: 27_247, seconds: 459_713 },
};

/** How a split compares with what was published about its corpus. */
export interface Comparison {
  /** As in `TUSZ 2.0.3 train`. */
  readonly corpus: string;
  readonly published: Figures;
  readonly found: Figures;
  /** Found less published, seconds rounded; only those that differ. */
  readonly differences: Partial<Figures>;
  /** Recordings that {@link found} counts among the files and not in the rest: rejected, unlabelled, duplicates. */
  readonly leftOut: number;
  /** Recordings that there were before `BGB_LIMIT_FILES`; null where all were taken. */
  readonly limitedFrom: number | null;
}

/** Whether a recording or its cache entry is named as TUSZ names them: patient, session, part. */
export function isTuszName(name: string): boolean {
  return /(?:^|\/)[a-z]{8}_s\d{3}_t\d{3}\.(?:edf|npz)$/i.test(name);
}

/** Whether an annotation is in a form that only TUSZ has; the other corpora of Temple University share its names. */
export function isTuszFormat(format: string): boolean {
  return format === 'tusz-csv_bi' || format === 'tusz-csv';
}

/** Compares a split of TUSZ with the published figures. */
export function compareWithTusz(
  split: Split,
  found: Figures,
  { leftOut, limitedFrom }: Pick<Comparison, 'leftOut' | 'limitedFrom'>,
): Comparison {
  const published = PUBLISHED[split];
  const differences = Object.fromEntries(
    FIELDS.flatMap(([field]) => {
      const difference = Math.round(found[field]) - published[field];
      return difference === 0 ? [] : [[field, difference]];
    }),
  );
  return { corpus: `${CORPUS} ${split}`, published, found, differences, leftOut, limitedFrom };
}

const FIELDS = [
  ['files', 'files'],
  ['patients', 'patients'],
  ['seizures', 'seizures'],
  ['seizureSeconds', 'seizure seconds'],
  ['seconds', 'seconds'],
] as const;

/** Releases differ by less. */
const RELEASES_DIFFER = 0.02;

/** The comparison in words. */
export function comparisonText(comparison: Comparison): string {
  const { corpus, published, found, differences, leftOut, limitedFrom } = comparison;
  const isFar = (field: keyof Figures) =>
    Math.abs(differences[field] ?? 0) > RELEASES_DIFFER * published[field];
  const limit =
    limitedFrom === null ? '' : ` BGB_LIMIT_FILES took ${shown(found.files)} of ${shown(limitedFrom)}.`;
  if (isFar('files'))
    return `${shown(found.files)} files named as TUSZ names them, where ${corpus} has ${shown(published.files)}: a part of it or another division, so the other figures are not compared.${limit}`;
  const figures = FIELDS.map(([field, name]) => {
    const difference = differences[field];
    const sign = difference !== undefined && difference > 0 ? '+' : '';
    return `${shown(found[field])} ${name}${difference === undefined ? '' : ` (${sign}${shown(difference)})`}`;
  }).join(', ');
  if (Object.keys(differences).length === 0) return `as published for ${corpus}: ${figures}.`;
  const far = FIELDS.filter(([field]) => isFar(field)).map(([, name]) => name);
  const left =
    leftOut === 0 ? '' : ` ${shown(leftOut)} of the files were not cached and count only as files.`;
  const verdict =
    far.length === 0
      ? 'Other releases differ by a few.'
      : `Releases do not differ so much in ${far.join(' and ')}: look at what was rejected, and at the annotations.`;
  return `beside ${corpus}: ${figures}.${left}${limit} ${verdict}`;
}

function shown(value: number): string {
  return Math.round(value).toLocaleString('en');
}
