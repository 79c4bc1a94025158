import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import type { AnnotatedEvent, Annotation } from './annotation.ts';
import { checkOrder, numberOf, readLines } from './text-lines.ts';

/**
 * Reads what a CHB-MIT `chbNN-summary.txt` says of one recording. Lines `Seizure Start Time: 2996 seconds` and
 * `Seizure End Time: ...`, numbered (`Seizure 2 Start Time`) where there are several.
 *
 * @returns null where the summary does not name the recording
 * @throws InputError `ANNOTATION_READ`; `ANNOTATION_LINE` where the number of seizures and the times disagree
 */
export async function readChbmitSummary(path: string, recordingPath: string): Promise<Annotation | null> {
  const name = basename(recordingPath);
  const lines = await readLines(path);
  const first = lines.findIndex(({ text }) => fileName(text) === name);
  if (first < 0) return null;
  const next = lines.findIndex(({ text }, index) => index > first && fileName(text) !== null);
  const block = lines.slice(first, next < 0 ? undefined : next);
  const events: AnnotatedEvent[] = [];
  let declared: number | null = null;
  let startS: number | null = null;
  for (const { text, where } of block) {
    const count = /^Number of Seizures in File:\s*(\d+)/.exec(text);
    const time = /^Seizure\s*\d*\s*(Start|End) Time:\s*(\S+)\s*seconds?/.exec(text);
    if (count !== null) declared = Number(count[1]);
    if (time === null) continue;
    const seconds = numberOf(time[2]!, 'a time in seconds', where);
    if (time[1] === 'Start') {
      if (startS !== null)
        throw new InputError(
          'ANNOTATION_LINE',
          `${where}: expected the end of the seizure before, found another start.`,
        );
      startS = seconds;
    } else {
      if (startS === null)
        throw new InputError('ANNOTATION_LINE', `${where}: expected a start time before this end time.`);
      checkOrder(startS, seconds, where);
      events.push({ startS, endS: seconds, label: 'seiz', channels: null, confidence: null });
      startS = null;
    }
  }
  if (declared === null || declared !== events.length || startS !== null)
    throw new InputError(
      'ANNOTATION_LINE',
      `${block[0]!.where}: expected ${declared ?? 'a number of'} seizures of ${name}, found ${events.length} with start and end.`,
    );
  return { format: 'chbmit-summary', path, durationS: null, events, notices: [] };
}

function fileName(text: string): string | null {
  return /^File Name:\s*(\S+)/.exec(text)?.[1] ?? null;
}
