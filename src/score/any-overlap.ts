import { BgbError } from '../errors.ts';
import { type Measured, measured, notMeasured, ratio, sumCounts } from './measured.ts';
import { type TimeSpan, touches, unionSeconds } from './time-spans.ts';

/** One recording to be scored by events. */
export interface ScoredRecording {
  /** Names the recording in messages. */
  readonly name: string;
  /** What was recorded: one span, or several with holes between them. Hours count only these. */
  readonly recorded: readonly TimeSpan[];
  /** Annotated seizures, each counted as given: rows that mean one seizure are united before. */
  readonly references: readonly TimeSpan[];
  /** Neither seizure nor background, such as non-epileptic seizures: what is detected there counts neither way. */
  readonly excluded?: readonly TimeSpan[];
}

/** A reference recording and what was detected in it. */
export interface DetectedRecording extends ScoredRecording {
  readonly hypotheses: readonly TimeSpan[];
}

/** Any-overlap event counts, summed over recordings. */
export interface EventCounts {
  /** References that share time with a hypothesis. */
  readonly detectedReferences: number;
  /** References with at least one recorded moment. */
  readonly references: number;
  /** References wholly outside what was recorded: not counted above, for nothing could detect them. */
  readonly referencesNotRecorded: number;
  /** Hypotheses that share no time with any reference. */
  readonly falseAlarms: number;
  /** Without those that share time with what is excluded, and with no reference. */
  readonly hypotheses: number;
  readonly recordings: number;
  /** Recorded time, seizures and what is excluded included. */
  readonly recordedS: number;
  /** Recorded time outside references and outside what is excluded. */
  readonly seizureFreeS: number;
}

/**
 * Counts events of one recording or many: a reference is detected by any overlap, a hypothesis without overlap
 * is a false alarm. Nothing is merged, split or extended. Counts add up, so the order of recordings is nothing.
 *
 * @throws BgbError `SCORE_EVENT` for an event that ends before it starts or has a time that is no number
 */
export function anyOverlapEvents(recordings: readonly DetectedRecording[]): EventCounts {
  return sumCounts(NO_EVENTS, ...recordings.map(countEvents));
}

/** The counts of no recording, to add to. */
export const NO_EVENTS: EventCounts = {
  detectedReferences: 0,
  references: 0,
  referencesNotRecorded: 0,
  falseAlarms: 0,
  hypotheses: 0,
  recordings: 0,
  recordedS: 0,
  seizureFreeS: 0,
};

/** Share of references detected. */
export function eventSensitivity({ detectedReferences, references }: EventCounts): Measured {
  return ratio(detectedReferences, references, 'no reference event');
}

/**
 * False alarms per 24 h of recorded EEG, over all recordings. A rate from little EEG is noise, so a report asks
 * for at least 24 h without seizures; null with the reason below that.
 */
export function falseAlarmsPer24hRecorded(counts: EventCounts, minimumSeizureFreeHours: number): Measured {
  if (counts.recordedS <= 0) return notMeasured('nothing recorded');
  if (counts.seizureFreeS < minimumSeizureFreeHours * 3600) {
    return notMeasured(`less than ${minimumSeizureFreeHours} h of seizure-free EEG`);
  }
  return measured((counts.falseAlarms * 86_400) / counts.recordedS);
}

function countEvents(recording: DetectedRecording): EventCounts {
  const { name, recorded, references, excluded = [], hypotheses } = recording;
  checkSpans(name, 'recorded span', recorded);
  checkSpans(name, 'reference', references);
  checkSpans(name, 'excluded span', excluded);
  checkSpans(name, 'hypothesis', hypotheses);
  const isRecorded = touches(references, recorded);
  const counted = references.filter((_, index) => isRecorded[index]);
  const detected = touches(counted, hypotheses).filter(Boolean).length;
  const isMatching = touches(hypotheses, references);
  const isExcluded = touches(hypotheses, excluded);
  const matching = isMatching.filter(Boolean).length;
  const ignored = isExcluded.filter((is, index) => is && !isMatching[index]).length;
  const notFree = [...references, ...excluded];
  const seizureFreeS = unionSeconds([...recorded, ...notFree]) - unionSeconds(notFree);
  return {
    detectedReferences: detected,
    references: counted.length,
    referencesNotRecorded: references.length - counted.length,
    falseAlarms: hypotheses.length - ignored - matching,
    hypotheses: hypotheses.length - ignored,
    recordings: 1,
    recordedS: exactlySummable(unionSeconds(recorded)),
    seizureFreeS: exactlySummable(seizureFreeS),
  };
}

/** To 2^-20 s, about a microsecond: sums of such numbers are exact, whatever the order of recordings. */
function exactlySummable(seconds: number): number {
  return Math.round(seconds * 2 ** 20) / 2 ** 20;
}

function checkSpans(name: string, what: string, spans: readonly TimeSpan[]): void {
  for (const { startS, endS } of spans) {
    if (Number.isFinite(startS) && Number.isFinite(endS) && endS >= startS) continue;
    throw new BgbError(
      'SCORE_EVENT',
      `${name}: expected each ${what} to end at or after its start, found ${startS} s to ${endS} s.`,
    );
  }
}
