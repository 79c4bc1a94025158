import type { Census } from '../cache/index.ts';
import { comparisonDocument, sumByLabel } from './split-documents.ts';

function documentOf(census: Census) {
  const { split, folder, recordings, cached, built, patients, hours, seizures, published } = census;
  const { rejected, unlabelled, excluded, duplicates, limitedFrom, notices } = census;
  return {
    split,
    recordings,
    cached,
    built,
    patients,
    hours,
    seizures,
    seizure_seconds: census.seizureSeconds,
    labels: census.seizureSecondsByLabel,
    excluded_labels: census.excludedSecondsByLabel,
    events_lost: census.eventsLost,
    rejected,
    unlabelled,
    excluded,
    duplicates: duplicates.map(({ name, of, isLabelledOtherwise }) => ({
      name,
      of,
      is_labelled_otherwise: isLabelledOtherwise,
    })),
    limited_from: limitedFrom,
    published: comparisonDocument(published),
    notices,
    folder,
  };
}

type SplitDocument = ReturnType<typeof documentOf>;

/** What `--json` prints: of the only split, else sums over the splits; in both, `splits` has each alone. */
export function censusDocument(censuses: readonly Census[]): object {
  const documents = censuses.map(documentOf);
  const [only] = documents;
  if (documents.length === 1) return { ...only, splits: documents };
  const sum = (of: (document: SplitDocument) => number) =>
    documents.reduce((total, document) => total + of(document), 0);
  const isLimited = censuses.some(({ limitedFrom }) => limitedFrom !== null);
  return {
    recordings: sum(({ recordings }) => recordings),
    cached: sum(({ cached }) => cached),
    built: sum(({ built }) => built),
    patients: documents.flatMap(({ patients }) => patients),
    hours: sum(({ hours }) => hours),
    seizures: sum(({ seizures }) => seizures),
    seizure_seconds: sum(({ seizure_seconds }) => seizure_seconds),
    labels: sumByLabel(documents.map(({ labels }) => labels)),
    excluded_labels: sumByLabel(documents.map(({ excluded_labels }) => excluded_labels)),
    events_lost: sumByLabel(documents.map(({ events_lost }) => events_lost)),
    rejected: documents.flatMap(({ rejected }) => rejected),
    unlabelled: documents.flatMap(({ unlabelled }) => unlabelled),
    excluded: documents.flatMap(({ excluded }) => excluded),
    duplicates: documents.flatMap(({ duplicates }) => duplicates),
    limited_from: isLimited ? sum(({ limited_from, recordings }) => limited_from ?? recordings) : null,
    published: documents.map(({ published }) => published),
    notices: documents.flatMap(({ notices }) => notices),
    folder: documents.map(({ folder }) => folder),
    splits: documents,
  };
}
