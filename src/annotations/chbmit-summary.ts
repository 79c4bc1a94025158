import { basename } from 'node:path';
import type { AnnotatedEvent, Annotation } from './annotation.ts';
import { DAY_S, secondsAfter } from './clock-time.ts';
import { rounded } from './intervals.ts';
import {
  checkedEvents,
  lineError,
  numberOf,
  printable,
  readLines,
  singleSpaced,
  type TextLine,
} from './text-lines.ts';

/**
 * Reads what a CHB-MIT `chbNN-summary.txt` says of one recording. Lines `Seizure Start Time: 2996 seconds` and
 * `Seizure End Time: ...`, numbered (`Seizure 2 Start Time`) where there are several.
 *
 * @param recordedS how long the recording is; a listed duration that is more than a minute off is in the notices, and
 * decides nothing: the times of seizures count from the recording's start (failures A6)
 * @returns null where the summary does not name the recording
 * @throws InputError `ANNOTATION_READ`; `ANNOTATION_LINE` where a line of its block cannot be understood, or the
 * number of seizures and the times disagree
 */
export async function readChbmitSummary(
  path: string,
  recordingPath: string,
  recordedS: number | null = null,
): Promise<Annotation | null> {
  const name = basename(recordingPath);
  const lines = await readLines(path);
  const blocks = lines.flatMap(({ text }, index) => (fileName(text) === name ? [index] : []));
  const [first, second] = blocks;
  if (first === undefined) return null;
  if (second !== undefined)
    throw lineError(
      lines[second]!.where,
      `expected one block of ${name}, found another. Remove the one that is wrong.`,
    );
  const next = lines.findIndex(({ text }, index) => index > first && fileName(text) !== null);
  const block = lines.slice(first, next < 0 ? undefined : next);
  const { events, notices } = checkedEvents(parseBlock(block, name));
  const listedS = listedDuration(block);
  if (
    recordedS !== null &&
    listedS !== null &&
    Math.abs(listedS - (recordedS % DAY_S)) > LISTED_FITS_WITHIN_S
  )
    notices.push({
      code: 'ANNOTATION_DURATION',
      message: `${basename(lines[first]!.where)}: the listed file is of ${listedS} s, the recording of ${rounded(recordedS)} s`,
    });
  return { format: 'chbmit-summary', path, durationS: null, events, notices };
}

/** Clock times were rounded and typed; more than a minute is neither. */
const LISTED_FITS_WITHIN_S = 60;

/** From `File Start Time` to `File End Time`, across midnight; null where a block has none. Hours may exceed 24. */
function listedDuration(block: readonly TextLine[]): number | null {
  const clockOf = (which: string) => {
    for (const { text } of block) {
      const match = new RegExp(`^File ${which} Time: *(\\d{1,2}):(\\d\\d):(\\d\\d)\\s*$`, 'i').exec(text);
      if (match !== null) return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
    }
    return null;
  };
  const [start, end] = [clockOf('Start'), clockOf('End')];
  return start === null || end === null ? null : secondsAfter(start % DAY_S, end % DAY_S);
}

function parseBlock(block: readonly TextLine[], name: string): (AnnotatedEvent & { where: string })[] {
  const events: (AnnotatedEvent & { where: string })[] = [];
  let declared: number | null = null;
  let start: { seconds: number; where: string } | null = null;
  for (const { text: typed, where } of block) {
    const text = singleSpaced(typed);
    const count = /^Number of Seizures in File:\s*(\d+)\s*$/i.exec(text);
    if (count !== null) {
      declared = Number(count[1]);
      continue;
    }
    const time = /^Seizure\s*\d*\s*(Start|End)\s*Time:\s*(\S+)\s*sec(ond)?s?\s*$/i.exec(text);
    if (time === null) {
      // A changed wording must not turn a seizure into background (failures A2).
      if (/seizure/i.test(text))
        throw lineError(
          where,
          `expected 'Seizure Start Time: N seconds' or the like, found '${printable(text)}'. Correct the line.`,
        );
      continue;
    }
    const seconds = numberOf(time[2]!, 'a time in seconds', where);
    if (time[1]!.toLowerCase() === 'start') {
      if (start !== null)
        throw lineError(
          where,
          `expected the end of the seizure that starts at ${start.seconds} s, found a start. Correct the block.`,
        );
      start = { seconds, where };
    } else {
      if (start === null)
        throw lineError(where, 'expected a start time before this end time, found none. Correct the block.');
      events.push({
        startS: start.seconds,
        endS: seconds,
        label: 'seiz',
        meaning: 'seizure',
        channels: null,
        confidence: null,
        where: start.where,
      });
      start = null;
    }
  }
  if (start !== null)
    throw lineError(
      start.where,
      `expected the end of the seizure that starts at ${start.seconds} s, found none. Correct the block.`,
    );
  if (declared === null || declared !== events.length)
    throw lineError(
      block[0]!.where,
      `expected ${declared ?? 'a number of'} seizures of ${name}, found ${events.length} with start and end. Correct the block.`,
    );
  return events;
}

function fileName(text: string): string | null {
  return /^File Name:\s*(\S+)/i.exec(text)?.[1] ?? null;
}
