import { InputError } from '../errors.ts';
import type { Annotation } from './annotation.ts';
import { knownLabel } from './labels.ts';
import { checkOrder, numberOf, readLines } from './text-lines.ts';

/**
 * Reads a BIDS `events.tsv` with HED-SCORE event types, as SzCORE defines it: tab-separated `onset duration
 * eventType confidence channels dateTime recordingDuration`, `n/a` where unknown.
 *
 * @throws InputError `ANNOTATION_READ`, `ANNOTATION_LINE`, `ANNOTATION_LABEL`
 */
export async function readBidsEvents(path: string): Promise<Annotation> {
  const [header, ...rows] = await readLines(path);
  const columns = header?.text.split('\t').map((name) => name.trim()) ?? [];
  for (const name of ['onset', 'duration', 'eventType'])
    if (!columns.includes(name))
      throw new InputError(
        'ANNOTATION_LINE',
        `${header?.where ?? path}: expected tab-separated columns with '${name}', found '${header?.text.slice(0, 80) ?? 'nothing'}'.`,
      );
  let durationS: number | null = null;
  const events = rows.map(({ text, where }) => {
    const fields = text.split('\t').map((field) => field.trim());
    if (fields.length !== columns.length)
      throw new InputError(
        'ANNOTATION_LINE',
        `${where}: expected ${columns.length} values, found ${fields.length}: '${text.slice(0, 80)}'.`,
      );
    const value = (name: string): string | null => {
      const field = fields[columns.indexOf(name)];
      return field === undefined || field === 'n/a' || field === '' ? null : field;
    };
    const startS = numberOf(value('onset') ?? '', 'an onset in seconds', where);
    const endS = startS + numberOf(value('duration') ?? '', 'a duration in seconds', where);
    checkOrder(startS, endS, where);
    const label = value('eventType') ?? '';
    knownLabel(label, where);
    const whole = value('recordingDuration');
    if (whole !== null) durationS = numberOf(whole, 'the duration of the recording in seconds', where);
    const confidence = value('confidence');
    return {
      startS,
      endS,
      label,
      channels:
        value('channels')
          ?.split(',')
          .map((name) => name.trim()) ?? null,
      confidence: confidence === null ? null : numberOf(confidence, 'a confidence from 0 to 1', where),
    };
  });
  return { format: 'bids-events', path, durationS, events, notices: [] };
}
