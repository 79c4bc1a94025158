import { BgbError } from '../errors.ts';

/** What is written about a recording: its seizures; the rest of it is background. */
export interface AnnotationContent {
  /** Name of the recording, without folder and extension. */
  readonly name: string;
  readonly durationS: number;
  /** Seizures that do not overlap, in any order, within the recording. */
  readonly events: readonly { startS: number; endS: number; confidence: number }[];
  /** Where the recording's clock began, as `2016-11-06T13:43:04`; null or absent where that is unknown. */
  readonly startedAt?: string | null;
}

/**
 * The events in order of time, with times to as many decimals as the format has; null: as they are. An event that ends within its last
 * decimal after the recording's end ends there.
 *
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap, are outside the recording or have no duration left, and
 * for a confidence that is none
 */
export function eventsToWrite(
  path: string,
  { durationS, events }: AnnotationContent,
  decimals: number | null,
) {
  const refuse = (expected: string, found: string): never => {
    throw new BgbError('ANNOTATION_WRITE', `${path}: expected ${expected}, found ${found}`);
  };
  if (!(durationS >= 0 && durationS < 1e9)) refuse('a duration in seconds', `${durationS}`);
  const rounded = (seconds: number) => (decimals === null ? seconds : Number(seconds.toFixed(decimals)));
  let at = 0;
  return events
    .toSorted((a, b) => a.startS - b.startS)
    .map(({ startS, endS, confidence }) => {
      const [start, end] = [rounded(startS), Math.min(rounded(endS), rounded(durationS))];
      if (!(startS >= 0 && endS <= durationS && end > start))
        refuse(`a seizure within 0-${durationS} s that ends after it starts`, `${startS}-${endS} s`);
      if (startS < at)
        refuse('seizures that do not overlap', `one from ${startS} s while the one before lasts to ${at} s`);
      if (!(confidence >= 0 && confidence <= 1))
        refuse('a confidence from 0 to 1', `${confidence} at ${startS} s`);
      at = endS;
      return { startS: start, endS: end, confidence };
    });
}
