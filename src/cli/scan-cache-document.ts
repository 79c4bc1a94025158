import { type Comparison, compareWithTusz, type Losses, type Manifest, type Scan } from '../cache/index.ts';
import type { Split } from '../config/index.ts';
import { comparisonDocument, sumByLabel } from './split-documents.ts';

/** A split that was scanned, with what its last build left out. */
export interface SplitScan extends Scan {
  readonly split: string;
  readonly losses: Losses | null;
  readonly published: Comparison | null;
}

function documentOf({ split, path, isUnchanged, manifest, losses, published }: SplitScan) {
  return {
    split,
    partial_seizure: manifest.counts.partial_seizure,
    full_seizure: manifest.counts.full_seizure,
    no_seizure: manifest.counts.no_seizure,
    recordings: manifest.recordings,
    patients: manifest.patients,
    seizures: manifest.seizures,
    seizure_seconds: manifest.seizure_seconds,
    labels: manifest.labels,
    excluded_labels: manifest.excluded_labels ?? {},
    // null: no build of this split has finished, so nobody knows.
    rejected: losses?.rejected ?? null,
    unlabelled: losses?.unlabelled ?? null,
    published: comparisonDocument(published),
    manifest: path,
    is_unchanged: isUnchanged,
  };
}

type SplitDocument = ReturnType<typeof documentOf>;

/** What `--json` prints: of the only split, else sums over the splits; in both, `splits` has each alone. */
export function scanDocument(scans: readonly SplitScan[]): object {
  const documents = scans.map(documentOf);
  const [only] = documents;
  if (documents.length === 1) return { ...only, splits: documents };
  const sum = (of: (document: SplitDocument) => number) =>
    documents.reduce((total, document) => total + of(document), 0);
  const all = <Item>(of: (document: SplitDocument) => readonly Item[] | null) =>
    documents.some((document) => of(document) === null)
      ? null
      : documents.flatMap((document) => of(document)!);
  return {
    partial_seizure: sum(({ partial_seizure }) => partial_seizure),
    full_seizure: sum(({ full_seizure }) => full_seizure),
    no_seizure: sum(({ no_seizure }) => no_seizure),
    recordings: sum(({ recordings }) => recordings),
    patients: all(({ patients }) => patients),
    seizures: sum(({ seizures }) => seizures),
    seizure_seconds: sum(({ seizure_seconds }) => seizure_seconds),
    labels: sumByLabel(documents.map(({ labels }) => labels)),
    excluded_labels: sumByLabel(documents.map(({ excluded_labels }) => excluded_labels)),
    rejected: all(({ rejected }) => rejected),
    unlabelled: all(({ unlabelled }) => unlabelled),
    published: documents.map(({ published }) => published),
    manifest: documents.map(({ manifest }) => manifest),
    is_unchanged: documents.every(({ is_unchanged }) => is_unchanged),
    splits: documents,
  };
}

/** Beside the published figures; what the last build left out counts among the files. */
export function comparisonOf(split: Split, manifest: Manifest, losses: Losses | null): Comparison {
  const leftOut =
    losses === null ? 0 : losses.rejected.length + losses.unlabelled.length + losses.duplicates.length;
  const { recordings, patients, seizures, seizure_seconds, recorded_s } = manifest;
  return compareWithTusz(
    split,
    {
      files: recordings + leftOut,
      patients: patients.length,
      seizures,
      seizureSeconds: seizure_seconds,
      seconds: recorded_s,
    },
    { leftOut, limitedFrom: losses?.limitedFrom ?? null },
  );
}
