import { basename } from 'node:path';
import type { EdfRecording } from '../edf/index.ts';
import type { AnnotatedEvent, Annotation, AnnotationNotice } from './annotation.ts';
import { clockText, clockTimes, DAY_S, secondsAfter } from './clock-time.ts';
import { rounded } from './intervals.ts';
import { isRecordingName, matchName } from './siena-names.ts';
import { type ListedSeizure, type ListedTime, parseSienaList, type SienaFile } from './siena-statements.ts';
import { checkedEvents, lineError, printable } from './text-lines.ts';

/** Lists stop up to 20 s before their files do; more is no rounding. */
const REGISTRATION_FITS_WITHIN_S = 60;

/** What of a recording the list is laid over. */
export type SienaRecording = Pick<EdfRecording, 'path' | 'startedAt' | 'durationS'>;

/**
 * Reads what a Siena `Seizures-list-PNnn.txt` says of one recording (Detti, PhysioNet 2020,
 * doi:10.13026/5d4a-j060): blocks of a file name, the clock times of its registration and those of its seizures.
 * Times are from the registration's start, across midnight. What is repaired, each with a notice: a file name that
 * is misspelt or cut short (siena-names.ts); a start that contradicts both the recording's length and its header,
 * for which the header's is taken; an end one hour too late to be in the recording; two times in one place, of which
 * the first is taken.
 *
 * @param siblings names in the recording's folder
 * @returns null where the list does not name the recording
 * @throws InputError `ANNOTATION_READ`; `ANNOTATION_LINE` for a line of the recording's blocks that cannot be
 * understood
 */
export async function readSienaList(
  path: string,
  recording: SienaRecording,
  siblings: ReadonlySet<string>,
): Promise<Annotation | null> {
  const all = await parseSienaList(path);
  const unnamed = all.find(({ name }) => name === null);
  const unnamedWhere = unnamed?.seizures[0]?.start.where ?? unnamed?.problems[0]?.where;
  if (unnamedWhere !== undefined && [...siblings].filter(isRecordingName).length > 1)
    throw lineError(
      unnamedWhere,
      'expected the file name of this seizure, found none. Add a line File name:.',
    );
  const files = all.flatMap((file) => {
    if (file.name === null && unnamedWhere === undefined) return [];
    const match = matchName(file.name, recording.path, siblings);
    return match === 'other' ? [] : [{ ...file, match }];
  });
  if (files.length === 0) return null;
  const notices: AnnotationNotice[] = [];
  const say = (where: string, code: string, message: string) =>
    notices.push({ code, message: `${basename(where)}: ${message}` });
  const events: (AnnotatedEvent & { where: string })[] = [];
  for (const file of files) {
    if (file.match === 'repaired')
      say(
        file.where,
        'ANNOTATION_NAME',
        `the file '${printable(file.name ?? '')}' is taken for ${basename(recording.path)}`,
      );
    const [problem] = file.problems;
    if (problem !== undefined) throw lineError(problem.where, problem.message);
    const registration = registrationOf(file, recording, say);
    for (const seizure of file.seizures) events.push(placedSeizure(seizure, registration, say));
  }
  const { events: kept, notices: eventNotices } = checkedEvents(events);
  return {
    format: 'siena-list',
    path,
    durationS: null,
    events: kept,
    notices: [...notices, ...eventNotices],
  };
}

type Say = (where: string, code: string, message: string) => void;

interface Registration {
  /** Time of day of the recording's first sample. */
  readonly startS: number;
  /** The longer of its length by the list and by the recording itself. */
  readonly lengthS: number;
}

function registrationOf(file: SienaFile, { startedAt, durationS }: SienaRecording, say: Say): Registration {
  const header = startedAt === null ? null : (clockTimes(startedAt.slice(11, 19))[0] ?? null);
  const end = file.registrationEnd === null ? null : clockOf(file.registrationEnd, say);
  if (file.registrationStart === null) {
    if (header === null)
      throw lineError(
        file.where,
        'expected a registration start time, found none, and the recording states none either. Add the line.',
      );
    say(
      file.where,
      'ANNOTATION_REGISTRATION',
      `states no registration start; the recording's own is used, ${clockText(header)}`,
    );
    return { startS: header, lengthS: Math.max(durationS, end === null ? 0 : secondsAfter(header, end)) };
  }
  const { where } = file.registrationStart;
  const listed = clockOf(file.registrationStart, say);
  const misfit = (startS: number) =>
    end === null ? 0 : Math.abs(secondsAfter(startS, end) - (durationS % DAY_S));
  let startS = listed;
  if (header !== null && header !== listed) {
    const isListWrong =
      misfit(listed) > REGISTRATION_FITS_WITHIN_S && misfit(header) <= REGISTRATION_FITS_WITHIN_S;
    if (isListWrong) startS = header;
    say(
      where,
      'ANNOTATION_REGISTRATION',
      `the registration starts at ${clockText(listed)}, the recording at ${clockText(header)}; ${isListWrong ? 'the latter is used, with which the registration is as long as the recording' : 'the former is used'}`,
    );
  }
  if (misfit(startS) > REGISTRATION_FITS_WITHIN_S)
    say(
      where,
      'ANNOTATION_DURATION',
      `the registration is of ${secondsAfter(startS, end!)} s, the recording of ${rounded(durationS)} s`,
    );
  return { startS, lengthS: Math.max(durationS, end === null ? 0 : secondsAfter(startS, end)) };
}

function placedSeizure(
  { start, end }: ListedSeizure,
  { startS: registrationS, lengthS }: Registration,
  say: Say,
): AnnotatedEvent & { where: string } {
  const [startClock, endClock] = [clockOf(start, say), clockOf(end, say)];
  let startS = secondsAfter(registrationS, startClock);
  // Before the start rather than a day after it.
  if (startS >= lengthS && DAY_S - startS < 3600) startS -= DAY_S;
  const durationS = secondsAfter(startClock, endClock);
  let endS = startS + (durationS > DAY_S / 2 ? durationS - DAY_S : durationS);
  if (endS > lengthS && endS - 3600 > startS && endS - 3600 <= lengthS) {
    say(
      end.where,
      'ANNOTATION_HOUR',
      `the seizure from ${clockText(startClock)} ends at ${clockText(endClock)}, after the recording; an hour earlier it would not, and ${clockText(endClock - 3600)} is taken`,
    );
    endS -= 3600;
  }
  return {
    startS,
    endS,
    label: 'seiz',
    meaning: 'seizure',
    channels: null,
    confidence: null,
    where: end.where,
  };
}

/** @throws InputError `ANNOTATION_LINE` */
function clockOf({ text, where }: ListedTime, say: Say): number {
  const times = clockTimes(text);
  const [first] = times;
  if (first === undefined)
    throw lineError(
      where,
      `expected a time such as 19.58.36, found '${printable(text.trim())}'. Correct the line.`,
    );
  if (times.length > 1)
    say(where, 'ANNOTATION_TWO_TIMES', `has ${times.length} times, of which ${clockText(first)} is taken`);
  return first;
}
