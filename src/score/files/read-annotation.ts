import {
  type AnnotatedEvent,
  type Annotation,
  readBgbJson,
  readBidsEvents,
  readTuszCsv,
  seizureSpans,
} from '../../annotations/index.ts';
import { InputError } from '../../errors.ts';
import { counted } from '../../words.ts';
import type { TimeSpan } from '../time-spans.ts';
import type { AnnotationFile } from './annotation-files.ts';

/** What is scored of an annotation. */
export interface SeizureAnnotation {
  /** Seizures in the order of the file; of a file with rows for single channels, united over channels. */
  readonly events: readonly TimeSpan[];
  /** null where the file does not state it. */
  readonly durationS: number | null;
  /** What its user should know. */
  readonly notices: readonly string[];
}

/** Ten years: later times are no times of a recording. */
const LATEST_S = 10 * 366 * 86_400;
/** Scoring compares seizures that overlap each with each. */
const MOST_OVERLAPPING = 5000;

/**
 * Reads an annotation to be scored. Everything that is no seizure is background: neither reference tool knows time
 * that is left out of scoring.
 *
 * @throws InputError `ANNOTATION_*`; `SCORE_TIME` for times that no recording has, or thousands of overlapping seizures
 */
export async function readSeizures(file: AnnotationFile): Promise<SeizureAnnotation> {
  const annotation = await read(file);
  const seizures = annotation.events.filter(({ meaning }) => meaning === 'seizure');
  const events = (annotation.format === 'tusz-csv' ? united(seizures) : seizures).map(({ startS, endS }) => ({
    startS,
    endS,
  }));
  checkTimes(file.path, events, annotation.durationS);
  return { events, durationS: annotation.durationS, notices: noticesOf(annotation) };
}

function read({ path, format, annotation }: AnnotationFile): Promise<Annotation> {
  if (annotation !== undefined) return Promise.resolve(annotation);
  if (format === 'json') return readBgbJson(path, undefined, 'kept');
  if (format === 'events.tsv') return readBidsEvents(path, undefined, 'kept');
  return readTuszCsv(path, undefined, 'kept');
}

function united(seizures: readonly AnnotatedEvent[]): readonly TimeSpan[] {
  return seizures.every(({ channels }) => channels === null) ? seizures : seizureSpans(seizures);
}

function checkTimes(path: string, events: readonly TimeSpan[], durationS: number | null): void {
  const times = [...events.flatMap(({ startS, endS }) => [startS, endS]), durationS ?? 0];
  const beyond = times.find((time) => !(Math.abs(time) <= LATEST_S));
  if (beyond !== undefined)
    throw new InputError(
      'SCORE_TIME',
      `${path}: expected times in seconds within ten years, found ${beyond}. Correct the file.`,
    );
  if (events.length <= MOST_OVERLAPPING) return;
  const sorted = events.toSorted((a, b) => a.startS - b.startS);
  const overlapping = sorted.find(({ startS }, index) => index > 0 && startS < sorted[index - 1]!.endS);
  if (overlapping !== undefined)
    throw new InputError(
      'SCORE_TIME',
      `${path}: expected at most ${MOST_OVERLAPPING} seizures where some overlap, found ${events.length}, one from ${overlapping.startS} s within the one before. Correct the file.`,
    );
}

function noticesOf({ path, events, durationS, notices }: Annotation): string[] {
  const said = notices.map(({ message }) => message);
  const excluded = events.filter(({ meaning }) => meaning === 'excluded').length;
  if (excluded > 0)
    said.push(
      `${path}: ${counted(excluded, 'event that bgb excludes is', 'events that bgb excludes are')} background here, as in the reference tools`,
    );
  const outside = events.filter(
    ({ meaning, startS, endS }) =>
      meaning === 'seizure' && durationS !== null && (startS < 0 || endS > durationS + 0.01),
  );
  if (outside.length > 0)
    said.push(
      `${path}: ${counted(outside.length, 'seizure reaches', 'seizures reach')} outside the recording of ${durationS} s; scored as ${outside.length === 1 ? 'it stands' : 'they stand'}`,
    );
  return said;
}
