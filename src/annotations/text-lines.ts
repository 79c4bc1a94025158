import { readFile } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';

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
    throw new InputError('ANNOTATION_READ', `Cannot read the annotation file ${path}: ${messageOf(cause)}.`, {
      cause,
    });
  }
  return content
    .split(/\r\n|\n|\r/)
    .map((text, index) => ({ text, where: `${path}:${index + 1}` }))
    .filter(({ text }) => text.trim() !== '');
}

/** A number. @throws InputError `ANNOTATION_LINE` */
export function numberOf(text: string, what: string, where: string): number {
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InputError('ANNOTATION_LINE', `${where}: expected ${what}, found '${text}'.`);
  return value;
}

/** @throws InputError `ANNOTATION_LINE` unless the event has a positive duration */
export function checkOrder(startS: number, endS: number, where: string): void {
  if (!(endS > startS))
    throw new InputError(
      'ANNOTATION_LINE',
      `${where}: expected an event that ends after it starts, found ${startS} s to ${endS} s. Correct the line or remove it.`,
    );
}
