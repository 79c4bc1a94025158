import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import type { AnnotatedEvent, AnnotationNotice } from './annotation.ts';
import { rounded } from './intervals.ts';

export interface TextLine {
  readonly text: string;
  /** `FILE:LINE`, for messages */
  readonly where: string;
}

/** An annotation of more bytes is something else: TUSZ's longest `.csv` has under 1 MB. */
const LARGEST = 64 << 20;

/**
 * The lines of an annotation file that are not blank.
 *
 * @param encoding `latin1` for lists typed by hand, of which only ASCII is read: any bytes are text then
 * @throws InputError `ANNOTATION_READ`
 */
export async function readLines(path: string, encoding: 'utf-8' | 'latin1' = 'utf-8'): Promise<TextLine[]> {
  let content: string;
  try {
    const found = await stat(path);
    // Reading a named pipe waits for somebody to write to it.
    if (!found.isFile()) throw new Error('it is not a file');
    const { size } = found;
    if (size > LARGEST) throw new Error(`it has ${size} bytes, more than ${LARGEST}`);
    content = new TextDecoder(encoding, { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new InputError(
      'ANNOTATION_READ',
      `Cannot read the annotation file ${path}: ${messageOf(cause)}. It has to be a UTF-8 text file.`,
      { cause },
    );
  }
  return content
    .replace(/^\u00ef\u00bb\u00bf/, '') // UTF-8's byte-order mark, as Latin-1
    .split(/\r\n|\n|\r/)
    .map((text, index) => ({ text, where: `${path}:${index + 1}` }))
    .filter(({ text }) => text.trim() !== '');
}

/** With single spaces: patterns of lists typed by hand then take time in proportion to the line. */
export function singleSpaced(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** A decimal number. @throws InputError `ANNOTATION_LINE` */
export function numberOf(text: string, what: string, where: string): number {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) || !Number.isFinite(value))
    throw lineError(where, `expected ${what}, found '${printable(text)}'. Correct the line.`);
  return value;
}

/** @throws InputError `ANNOTATION_LINE` */
export function confidenceOf(text: string, where: string): number {
  const value = numberOf(text, 'a confidence from 0 to 1', where);
  if (value < 0 || value > 1)
    throw lineError(where, `expected a confidence from 0 to 1, found ${value}. Correct the line.`);
  return value;
}

/** `ANNOTATION_LINE` at a file and line, as in `a.csv_bi line 7`. */
export function lineError(where: string, message: string): InputError {
  return new InputError('ANNOTATION_LINE', `${where}: ${message}`);
}

/** The beginning of what stood in a file, fit for a message on a terminal. */
export function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

/** Whether a seizure that ends where it starts is an error, or kept as it stands for scorers that count such. */
export type EmptySeizures = 'refused' | 'kept';

/**
 * Checks that events end after they start. One that does not and is no seizure says nothing that can be used, and is
 * left out with a notice: SeizeIT2 has impedance checks of no and of negative duration.
 *
 * @throws InputError `ANNOTATION_LINE` for a seizure, or a stretch to be excluded, that does not end after it starts
 */
export function checkedEvents(
  events: readonly (AnnotatedEvent & { where: string })[],
  emptySeizures: EmptySeizures = 'refused',
): { events: AnnotatedEvent[]; notices: AnnotationNotice[] } {
  const kept: AnnotatedEvent[] = [];
  const notices: AnnotationNotice[] = [];
  for (const { where, ...event } of events) {
    const { startS, endS, label, meaning } = event;
    if (endS > startS || (endS === startS && meaning === 'seizure' && emptySeizures === 'kept')) {
      kept.push(event);
    } else if (meaning === 'background' || meaning === 'untrained') {
      const [code, what] =
        endS === startS
          ? ['ANNOTATION_EMPTY_EVENT', 'has no duration']
          : ['ANNOTATION_NEGATIVE_EVENT', `would end before it starts, at ${rounded(endS)} s`];
      const message = `${basename(where)}: '${printable(label)}' at ${startS} s ${what}; the event is rejected`;
      notices.push({ code, message });
    } else {
      throw lineError(
        where,
        `expected '${printable(label)}' to end after it starts, found ${startS} s to ${rounded(endS)} s. Correct the line or remove it.`,
      );
    }
  }
  return { events: kept, notices };
}
