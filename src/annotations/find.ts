import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EdfRecording } from '../edf/index.ts';
import { InputError, messageOf } from '../errors.ts';
import type { Annotation, AnnotationNotice } from './annotation.ts';
import { readBidsEvents } from './bids-events.ts';
import { readChbmitSummary } from './chbmit-summary.ts';
import { edfPlusAnnotation } from './edf-plus.ts';
import { seizureSpans } from './spans.ts';
import { readTuszCsv } from './tusz-csv.ts';

/** Rounding of times between formats is no disagreement. */
const AGREES_WITHIN_S = 1;

/**
 * The annotation of a recording, from the first of these that exists:
 *
 * 1. `NAME.csv_bi` beside it (TUSZ, term);
 * 2. `NAME.csv` beside it (TUSZ, per channel);
 * 3. `NAME_events.tsv` beside it, where NAME may lose `_eeg` (BIDS);
 * 4. a `*-summary.txt` beside it that names it (CHB-MIT);
 * 5. its own EDF+ annotations.
 *
 * Where several exist, the first is used and a notice says how the others differ (failures A7).
 *
 * @returns null where there is none: an unlabelled recording is not a seizure-free one (failures A5)
 * @throws InputError for an annotation that is there but cannot be read
 */
export async function findAnnotation(recording: EdfRecording): Promise<Annotation | null> {
  const sources = await sourcesOf(recording);
  for (const [index, read] of sources.entries()) {
    const annotation = await read();
    if (annotation === null) continue;
    const notices: AnnotationNotice[] = [];
    for (const other of sources.slice(index + 1)) notices.push(...(await compare(annotation, other)));
    return { ...annotation, notices: [...annotation.notices, ...notices] };
  }
  return null;
}

type Source = () => Promise<Annotation | null>;

async function sourcesOf(recording: EdfRecording): Promise<Source[]> {
  const folder = dirname(recording.path);
  const stem = basename(recording.path).replace(/\.(edf|bdf)$/i, '');
  const names = new Set(await namesIn(folder));
  const sources: Source[] = [];
  for (const name of [`${stem}.csv_bi`, `${stem}.csv`])
    if (names.has(name)) sources.push(() => readTuszCsv(join(folder, name)));
  // Not both: an `X_eeg.edf` has `X_events.tsv`, anything else `NAME_events.tsv`.
  const events = `${stem.replace(/_eeg$/, '')}_events.tsv`;
  if (names.has(events)) sources.push(() => readBidsEvents(join(folder, events)));
  for (const name of [...names].filter((name) => name.endsWith('-summary.txt')).sort())
    sources.push(() => readChbmitSummary(join(folder, name), recording.path));
  sources.push(async () => edfPlusAnnotation(recording));
  return sources;
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

/** How another annotation of the same recording differs. It is not used, so what is wrong with it is a notice. */
async function compare(used: Annotation, other: Source): Promise<AnnotationNotice[]> {
  let found: Annotation | null;
  try {
    found = await other();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const message = `${basename(used.path)} is used; another annotation cannot be read: ${error.message.replaceAll(dirname(used.path), '.')}`;
    return [{ code: 'ANNOTATION_OTHER_UNREADABLE', message }];
  }
  if (found === null) return [];
  const differenceS = differingSeconds(seizureSpans(used.events), seizureSpans(found.events));
  if (differenceS <= AGREES_WITHIN_S) return [];
  return [
    {
      code: 'ANNOTATION_DISAGREES',
      message: `${basename(used.path)} (${used.format}) is used; ${basename(found.path)} (${found.format}) has other seizure times: ${differenceS.toFixed(1)} s are a seizure in one of them only`,
    },
  ];
}

interface Span {
  readonly startS: number;
  readonly endS: number;
}

/** Seconds in exactly one of two lists of spans, each without overlaps. */
function differingSeconds(a: readonly Span[], b: readonly Span[]): number {
  const total = (spans: readonly Span[]) => spans.reduce((sum, { startS, endS }) => sum + endS - startS, 0);
  const both = a.flatMap((one) =>
    b.map((two) => Math.max(0, Math.min(one.endS, two.endS) - Math.max(one.startS, two.startS))),
  );
  return total(a) + total(b) - 2 * both.reduce((sum, seconds) => sum + seconds, 0);
}
