import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import type { AnnotatedEvent, AnnotationNotice } from './annotation.ts';
import { isSeizureLabel } from './labels.ts';

export interface TextLine {
  readonly text: string;
  /** `FILE:LINE`, for messages */
  readonly where: string;
}

/** The lines of an annotation file that are not blank. @throws InputError `ANNOTATION_READ` */
export async function readLines(path: string): Promise<TextLine[]> {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new InputError(
      'ANNOTATION_READ',
      `Cannot read the annotation file ${path}: ${messageOf(cause)}. It has to be a UTF-8 text file.`,
      { cause },
    );
  }
  return content
    .split(/\r\n|\n|\r/)
    .map((text, index) => ({ text, where: `${path}:${index + 1}` }))
    .filter(({ text }) => text.trim() !== '');
}

/** A decimal number. @throws InputError `ANNOTATION_LINE` */
export function numberOf(text: string, what: string, where: string): number {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) || !Number.isFinite(value))
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

export function lineError(where: string, message: string): InputError {
  return new InputError('ANNOTATION_LINE', `${where}: ${message}`);
}

export function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

/**
 * Checks that events end after they start. An event of no duration that is not a seizure says nothing and is
 * left out with a notice: SeizeIT2 has such.
 *
 * @throws InputError `ANNOTATION_LINE` for one that ends before it starts, or a seizure without duration
 */
export function checkedEvents(events: readonly (AnnotatedEvent & { where: string })[]): {
  events: AnnotatedEvent[];
  notices: AnnotationNotice[];
} {
  const kept: AnnotatedEvent[] = [];
  const notices: AnnotationNotice[] = [];
  for (const { where, ...event } of events) {
    const { startS, endS, label } = event;
    if (endS > startS) {
      kept.push(event);
    } else if (endS === startS && isSeizureLabel(label) === false) {
      const message = `${basename(where)}: '${label}' at ${startS} s has no duration; it is left out`;
      notices.push({ code: 'ANNOTATION_EMPTY_EVENT', message });
    } else {
      throw lineError(
        where,
        `expected '${label}' to end after it starts, found ${startS} s to ${endS} s. Correct the line or remove it.`,
      );
    }
  }
  return { events: kept, notices };
}
