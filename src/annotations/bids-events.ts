import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import type { AnnotatedEvent, Annotation, AnnotationNotice } from './annotation.ts';
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

/**
 * Reads a BIDS `events.tsv` with HED-SCORE event types, as SzCORE defines it (Dan et al., Epilepsia 2024):
 * tab-separated `onset duration eventType confidence channels dateTime recordingDuration`, `n/a` where unknown.
 * A recording without seizures has a row `bckg`. Of an event that is no seizure, a duration `n/a` is taken to reach
 * to the end of the recording.
 *
 * @throws InputError `ANNOTATION_READ`, `ANNOTATION_LINE`, `ANNOTATION_LABEL`, each with file and line
 */
export async function readBidsEvents(
  path: string,
  rules: LabelRules = labelRules(),
  emptySeizures: EmptySeizures = 'refused',
): Promise<Annotation> {
  const { columns, header, rows } = await readTable(path);
  if (rows.length === 0)
    throw lineError(
      header.where,
      'expected events after the header, found none. A recording without seizures has one row bckg.',
    );
  return annotationOf(
    path,
    rows.map((row) => parseRow(row, columns, rules)),
    emptySeizures,
  );
}

/**
 * Reads a table of the events of many recordings: the columns of an `events.tsv` and `run`, the recording's name, as
 * SeizeIT2 publishes them in one file.
 *
 * @throws InputError as {@link readBidsEvents}
 */
export async function readBidsTable(
  path: string,
  rules: LabelRules = labelRules(),
  emptySeizures: EmptySeizures = 'refused',
): Promise<ReadonlyMap<string, Annotation>> {
  const { columns, rows } = await readTable(path);
  const place = columns.indexOf('run');
  const runs = Map.groupBy(rows, ({ text, where }) => {
    const run = text.split('\t')[place]?.trim() ?? '';
    if (/^[\w.+-]+$/.test(run)) return run;
    throw lineError(
      where,
      `expected the name of a recording in 'run', found '${printable(run)}'. Correct the line.`,
    );
  });
  return new Map(
    [...runs].map(([run, own]) => {
      const parsed = own.map((row) => parseRow(row, columns, rules));
      return [run, annotationOf(path, parsed, emptySeizures)];
    }),
  );
}

/** Whether a file is such a table, by its header; false, too, for what cannot be read. */
export async function isBidsTable(path: string): Promise<boolean> {
  try {
    return (await readTable(path)).columns.includes('run');
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

async function readTable(path: string) {
  const [header, ...rows] = await readLines(path);
  const columns = header?.text.split('\t').map((name) => name.trim()) ?? [];
  for (const name of ['onset', 'duration', 'eventType'])
    if (columns.filter((column) => column === name).length !== 1)
      throw lineError(
        header?.where ?? path,
        `expected tab-separated columns with one '${name}', found '${printable(header?.text ?? 'nothing')}'. Correct the header.`,
      );
  return { columns, header: header!, rows };
}

function annotationOf(
  path: string,
  parsed: readonly ReturnType<typeof parseRow>[],
  emptySeizures: EmptySeizures,
): Annotation {
  const durationS = durationOf(parsed);
  const { events, notices } = checkedEvents(
    parsed.map(({ event }) => ({ ...event, endS: event.endS ?? durationS ?? Number.POSITIVE_INFINITY })),
    emptySeizures,
  );
  return {
    format: 'bids-events',
    path,
    durationS,
    events,
    notices: [...parsed.flatMap(({ event }) => openNotice(event)), ...notices],
  };
}

type Row = Omit<AnnotatedEvent, 'endS'> & { readonly endS: number | null; readonly where: string };

function parseRow({ text, where }: TextLine, columns: readonly string[], rules: LabelRules) {
  const fields = text.split('\t').map((field) => field.trim());
  if (fields.length !== columns.length)
    throw lineError(
      where,
      `expected ${columns.length} tab-separated values (${columns.join(', ')}), found ${fields.length}: '${printable(text)}'. Correct the line.`,
    );
  const value = (name: string): string | null => {
    const field = fields[columns.indexOf(name)];
    return field === undefined || field === 'n/a' || field === '' ? null : field;
  };
  const label = value('eventType') ?? 'n/a';
  const meaning = knownMeaning(label, rules, where);
  const startS = numberOf(value('onset') ?? 'n/a', 'an onset in seconds', where);
  const duration = value('duration');
  if (duration === null && meaning === 'seizure')
    throw lineError(
      where,
      `expected a duration in seconds, found 'n/a', so that the end of '${printable(label)}' at ${startS} s is unknown. Correct the line.`,
    );
  const confidence = value('confidence');
  const recordingDuration = value('recordingDuration');
  const event: Row = {
    startS,
    endS: duration === null ? null : startS + numberOf(duration, 'a duration in seconds', where),
    label,
    meaning,
    channels:
      value('channels')
        ?.split(',')
        .map((channel) => channel.trim()) ?? null,
    confidence: confidence === null ? null : confidenceOf(confidence, where),
    where,
  };
  return {
    event,
    recordingDurationS:
      recordingDuration === null
        ? null
        : numberOf(recordingDuration, 'the duration of the recording in seconds', where),
  };
}

function openNotice({ endS, startS, label, meaning, where }: Row): AnnotationNotice[] {
  if (endS !== null || meaning === 'background') return [];
  return [
    {
      code: 'ANNOTATION_OPEN_EVENT',
      message: `${basename(where)}: '${printable(label)}' at ${startS} s states no duration; taken to the end of the recording`,
    },
  ];
}

function durationOf(rows: readonly ReturnType<typeof parseRow>[]): number | null {
  let durationS: number | null = null;
  for (const { recordingDurationS, event } of rows) {
    if (recordingDurationS === null) continue;
    if (durationS !== null && durationS !== recordingDurationS)
      throw lineError(
        event.where,
        `expected the recordingDuration of the rows before, ${durationS} s, found ${recordingDurationS} s. The rows are not of one recording; correct the file.`,
      );
    durationS = recordingDurationS;
  }
  return durationS;
}
