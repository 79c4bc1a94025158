import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EdfRecording } from '../edf/index.ts';
import { InputError, messageOf } from '../errors.ts';
import type {
  Annotation,
  AnnotationFormat,
  AnnotationNotice,
  AnnotationSource,
  FoundAnnotation,
} from './annotation.ts';
import { readBidsEvents } from './bids-events.ts';
import { recordsStatement } from './chbmit-records.ts';
import { readChbmitSummary } from './chbmit-summary.ts';
import { edfPlusAnnotation } from './edf-plus.ts';
import { listed, rounded, secondsOf, without } from './intervals.ts';
import { type LabelRules, labelRules } from './labels.ts';
import { readSienaList } from './siena-list.ts';
import { seizureSpans } from './spans.ts';
import { readTuszCsv } from './tusz-csv.ts';
import { joinTuszPair } from './tusz-pair.ts';

/** Rounding of times between formats is no disagreement. */
const AGREES_WITHIN_S = 1;

/**
 * The annotation of a recording, from the first of these that exists:
 *
 * 1. `NAME.csv_bi` beside it (TUSZ, term), with types from `NAME.csv`;
 * 2. `NAME.csv` beside it (TUSZ, per channel);
 * 3. `NAME_events.tsv` beside it, where NAME may lose `_eeg` (BIDS);
 * 4. a `*-summary.txt` beside it, or in the folder above, that names it (CHB-MIT);
 * 5. a `Seizures-list-*.txt` beside it, or in the folder above, that names it (Siena);
 * 6. its own EDF+ annotations;
 * 7. `RECORDS` and `RECORDS-WITH-SEIZURES` beside it or in the folder above, where only the former names it: no seizure
 *    (CHB-MIT).
 *
 * Where several exist, the first is used and a notice says how the others differ (failures A7).
 *
 * @returns null where there is none: an unlabelled recording is not a seizure-free one (failures A5)
 * @throws InputError for an annotation that is there but cannot be read
 */
export async function findAnnotation(
  recording: EdfRecording,
  rules: LabelRules = labelRules(),
): Promise<FoundAnnotation | null> {
  const candidates = await candidatesFor(recording, rules);
  const records = await recordsStatement(recording.path);
  let found: FoundAnnotation | null = null;
  for (const candidate of candidates) {
    if (found === null) found = await candidate();
    else found = await compare(found, candidate);
  }
  return records === null ? found : records.join(found);
}

/** Reads one annotation, if it is there. */
type Candidate = () => Promise<FoundAnnotation | null>;

async function candidatesFor(recording: EdfRecording, rules: LabelRules): Promise<Candidate[]> {
  const { path } = recording;
  const folder = dirname(path);
  const stem = basename(path).replace(/\.(edf|bdf)$/i, '');
  const names = new Set(await namesIn(folder));
  const candidates: Candidate[] = [];
  const [term, typed] = [`${stem}.csv_bi`, `${stem}.csv`];
  if (names.has(term))
    candidates.push(() =>
      readTuszPair(join(folder, term), names.has(typed) ? join(folder, typed) : null, rules),
    );
  else if (names.has(typed))
    candidates.push(async () => alone(await readTuszCsv(join(folder, typed), rules)));
  // Not both: an `X_eeg.edf` has `X_events.tsv`, anything else `NAME_events.tsv`.
  const events = `${stem.replace(/_eeg$/, '')}_events.tsv`;
  if (names.has(events))
    candidates.push(async () => alone(await readBidsEvents(join(folder, events), rules)));
  const lists = [
    ...[...names].sort().map((name) => join(folder, name)),
    ...(await namesAbove(folder)).sort().map((name) => join(folder, '..', name)),
  ];
  for (const list of lists.filter((list) => list.endsWith('-summary.txt')))
    candidates.push(async () => alone(await readChbmitSummary(list, path, recording.durationS)));
  for (const list of lists.filter((list) => /^Seizures-list-.*\.txt$/i.test(basename(list))))
    candidates.push(async () => alone(await readSienaList(list, recording, names)));
  candidates.push(async () => alone(edfPlusAnnotation(recording, rules)));
  return candidates;
}

async function readTuszPair(
  termPath: string,
  typedPath: string | null,
  rules: LabelRules,
): Promise<FoundAnnotation> {
  const term = await readTuszCsv(termPath, rules);
  if (typedPath === null) return alone(term)!;
  const typed = await readTuszCsv(typedPath, rules);
  return {
    ...joinTuszPair(term, typed),
    sources: [sourceOf(term, 'seizures'), sourceOf(typed, 'types')],
  };
}

function alone(annotation: Annotation | null): FoundAnnotation | null {
  return annotation === null ? null : { ...annotation, sources: [sourceOf(annotation, 'seizures')] };
}

function sourceOf(
  { path, format }: { path: string; format: AnnotationFormat },
  role: AnnotationSource['role'],
): AnnotationSource {
  return { path, format, role };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new InputError(
      'ANNOTATION_READ',
      `Cannot look for annotations in ${folder}: ${messageOf(cause)}. Check its permissions.`,
      { cause },
    );
  }
}

/** A folder above that may not be looked into is none of the corpus. */
async function namesAbove(folder: string): Promise<string[]> {
  return readdir(join(folder, '..')).catch(() => []);
}

/** Adds how another annotation of the same recording differs. It is not used, so what is wrong with it is a notice. */
async function compare(used: FoundAnnotation, candidate: Candidate): Promise<FoundAnnotation> {
  const said = (notice: AnnotationNotice) => ({ ...used, notices: [...used.notices, notice] });
  let other: FoundAnnotation | null;
  try {
    other = await candidate();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const reason = error.message.replaceAll(dirname(used.path), '.');
    return said({
      code: 'ANNOTATION_OTHER_UNREADABLE',
      message: `${basename(used.path)} is used; another annotation cannot be read: ${reason}`,
    });
  }
  if (other === null) return used;
  const sources = [...used.sources, sourceOf(other, 'compared')];
  const [ones, others] = [seizureSpans(used.events), seizureSpans(other.events)];
  const only = [without(ones, others), without(others, ones)] as const;
  const differenceS = secondsOf(only.flat());
  if (differenceS <= AGREES_WITHIN_S) return { ...used, sources };
  const [name, otherName] = [basename(used.path), basename(other.path)];
  const where = [
    ...(only[0].length > 0 ? [`only in the former ${listed(only[0])}`] : []),
    ...(only[1].length > 0 ? [`only in the latter ${listed(only[1])}`] : []),
  ];
  const notice = {
    code: 'ANNOTATION_DISAGREES',
    message: `${name} (${used.format}) is used; ${otherName} (${other.format}) has other seizure times: ${rounded(differenceS)} s are a seizure in one of them only; ${where.join('; ')}`,
  };
  return { ...said(notice), sources };
}
