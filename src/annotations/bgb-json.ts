import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import type { Annotation } from './annotation.ts';
import { type AnnotationContent, eventsToWrite } from './annotation-content.ts';
import { knownMeaning, type LabelRules, labelRules } from './labels.ts';
import { checkedEvents, type EmptySeizures } from './text-lines.ts';

/** How bgb's own annotations are named in folders: `NAME.seizures.json`. */
export const JSON_ENDING = '.seizures.json';
const FORMAT = 'bgb-annotation';
const VERSION = 1;
const LARGEST = 64 << 20;

/** Further fields are for whoever wrote the file. */
const document = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  recording: z.string(),
  duration_s: z.number().min(0),
  events: z.array(
    z.object({
      start_s: z.number(),
      end_s: z.number(),
      label: z.string(),
      confidence: z.number().min(0).max(1).nullable().optional(),
    }),
  ),
});

/**
 * Writes seizures as bgb's JSON, atomically: times as they are, in full.
 *
 * @param more further fields of the document, such as where the events come from
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap or are outside the recording
 */
export async function writeBgbJson(
  path: string,
  content: AnnotationContent,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { name, durationS } = content;
  const events = eventsToWrite(path, content, null).map(({ startS, endS, confidence }) => ({
    start_s: startS,
    end_s: endS,
    label: 'seiz',
    confidence,
  }));
  const written = {
    format: FORMAT,
    version: VERSION,
    recording: name,
    duration_s: durationS,
    events,
    ...more,
  };
  await writeAtomic(path, `${JSON.stringify(written, null, 2)}\n`);
}

/**
 * Reads bgb's JSON. No event at all means: looked at, and without seizure.
 *
 * @throws InputError `ANNOTATION_READ`, `ANNOTATION_JSON`, `ANNOTATION_LINE`, `ANNOTATION_LABEL`
 */
export async function readBgbJson(
  path: string,
  rules: LabelRules = labelRules(),
  emptySeizures: EmptySeizures = 'refused',
): Promise<Annotation> {
  const parsed = document.safeParse(await parsedJson(path));
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0]!;
    throw new InputError(
      'ANNOTATION_JSON',
      `${path}: expected an annotation as bgb writes it ("format": "${FORMAT}", "version": ${VERSION}); at '${place.join('.')}': ${message}. Correct the file.`,
    );
  }
  const { duration_s, events } = parsed.data;
  const checked = checkedEvents(
    events.map(({ start_s, end_s, label, confidence }, index) => {
      const where = `${path}:events.${index}`;
      return {
        startS: start_s,
        endS: end_s,
        label,
        meaning: knownMeaning(label, rules, where),
        channels: null,
        confidence: confidence ?? null,
        where,
      };
    }),
    emptySeizures,
  );
  return { format: 'bgb-json', path, durationS: duration_s, ...checked };
}

async function parsedJson(path: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > LARGEST) throw new Error(`it has ${size} bytes, more than ${LARGEST}`);
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new InputError(
      'ANNOTATION_READ',
      `Cannot read the annotation file ${path}: ${messageOf(cause)}. It has to be a UTF-8 JSON file.`,
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(
      'ANNOTATION_JSON',
      `${path}: expected JSON, found text that is none: ${messageOf(cause)}. It may be cut off; write it again.`,
      { cause },
    );
  }
}
