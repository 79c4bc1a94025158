import { basename } from 'node:path';
import type { AnnotatedEvent, Annotation, AnnotationNotice } from './annotation.ts';
import { listed, secondsOf, without } from './intervals.ts';
import { knownMeaning, type LabelRules, labelRules } from './labels.ts';
import {
  checkedEvents,
  confidenceOf,
  type EmptySeizures,
  lineError,
  numberOf,
  printable,
  readLines,
  type TextLine,
} from './text-lines.ts';

export const COLUMNS = 'channel,start_time,stop_time,label,confidence';
export const VERSION = 'csv_v1.0.0';

/**
 * Reads TUSZ's `.csv_bi` (one term for all channels, seiz or bckg) or `.csv` (per channel, typed), version
 * csv_v1.0.0: comments `# duration = 301.00 secs` and the like, then the columns above. A recording without
 * seizures has a row bckg.
 *
 * @throws InputError `ANNOTATION_READ`, `ANNOTATION_LINE`, `ANNOTATION_LABEL`, each with file and line
 */
export async function readTuszCsv(
  path: string,
  rules: LabelRules = labelRules(),
  emptySeizures: EmptySeizures = 'refused',
): Promise<Annotation> {
  const lines = await readLines(path);
  const comments = lines.filter(({ text }) => text.startsWith('#'));
  const [header, ...rows] = lines.filter(({ text }) => !text.startsWith('#'));
  if (header === undefined || header.text.replaceAll(' ', '').toLowerCase() !== COLUMNS)
    throw lineError(
      header?.where ?? path,
      `expected the columns '${COLUMNS}', found '${printable(header?.text ?? 'nothing')}'. This is not a TUSZ annotation, or it is cut off.`,
    );
  if (rows.length === 0)
    throw lineError(
      header.where,
      'expected events after the columns, found none. A recording without seizures has one row bckg.',
    );
  const { events, notices } = checkedEvents(
    rows.map((row) => parseRow(row, rules)),
    emptySeizures,
  );
  const duration = commentOf(comments, 'duration');
  const durationS = duration === null ? null : durationOf(duration);
  return {
    format: path.endsWith('.csv_bi') ? 'tusz-csv_bi' : 'tusz-csv',
    path,
    durationS,
    events,
    notices: [...commentNotices(comments, path), ...gapNotices(events, durationS, path), ...notices],
  };
}

/** A file that names its background and leaves some of the recording out may be cut off. */
function gapNotices(
  events: readonly AnnotatedEvent[],
  durationS: number | null,
  path: string,
): AnnotationNotice[] {
  const terms = events.filter(({ channels }) => channels === null);
  if (durationS === null || !terms.some(({ meaning }) => meaning === 'background')) return [];
  const gaps = without([{ startS: 0, endS: durationS }], terms);
  if (secondsOf(gaps) <= 1) return [];
  const message = `${basename(path)}: no row covers ${listed(gaps)}; taken as background`;
  return [{ code: 'ANNOTATION_GAP', message }];
}

function parseRow({ text, where }: TextLine, rules: LabelRules) {
  const fields = text.split(',').map((field) => field.trim());
  if (fields.length !== 5)
    throw lineError(
      where,
      `expected 5 values (${COLUMNS}), found ${fields.length}: '${printable(text)}'. Correct the line.`,
    );
  const [channel, start, stop, label, confidence] = fields as [string, string, string, string, string];
  if (channel === '') throw lineError(where, "expected a channel or 'TERM', found ''. Correct the line.");
  const startS = numberOf(start, 'a start time in seconds', where);
  const endS = numberOf(stop, 'a stop time in seconds', where);
  return {
    startS,
    endS,
    label,
    meaning: knownMeaning(label, rules, where),
    channels: channel === 'TERM' ? null : [channel],
    confidence: confidence === '' ? null : confidenceOf(confidence, where),
    where,
  };
}

interface Comment {
  readonly value: string;
  readonly where: string;
}

function commentOf(comments: readonly TextLine[], name: string): Comment | null {
  for (const { text, where } of comments) {
    const match = /^#\s*(\w+)\s*=(.*)$/.exec(text);
    if (match?.[1] === name) return { value: match[2]!.trim(), where };
  }
  return null;
}

function durationOf({ value, where }: Comment): number {
  const seconds = numberOf(value.replace(/(seconds|secs?|s)$/, ''), 'a duration in seconds', where);
  if (!(seconds >= 0))
    throw lineError(where, `expected a duration of 0 s or more, found ${seconds}. Correct the line.`);
  return seconds;
}

/** What the comments leave in doubt; the events are read all the same. */
function commentNotices(comments: readonly TextLine[], path: string): AnnotationNotice[] {
  const notices: AnnotationNotice[] = [];
  const version = commentOf(comments, 'version');
  if (version !== null && version.value !== VERSION)
    notices.push({
      code: 'ANNOTATION_VERSION',
      message: `${basename(version.where)}: the version is '${printable(version.value)}', read as ${VERSION}`,
    });
  const stem = basename(path).replace(/\.csv(_bi)?$/, '');
  const bname = commentOf(comments, 'bname');
  if (bname !== null && bname.value !== stem)
    notices.push({
      code: 'ANNOTATION_NAME',
      message: `${basename(bname.where)}: says it annotates '${printable(bname.value)}', and lies beside ${stem}`,
    });
  if (commentOf(comments, 'duration') === null)
    notices.push({
      code: 'ANNOTATION_NO_DURATION',
      message: `${basename(path)}: does not state the recording's duration, so it cannot be compared`,
    });
  return notices;
}
