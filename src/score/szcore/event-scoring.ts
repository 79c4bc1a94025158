import type { TimeSpan } from '../time-spans.ts';
import { runOf, type SampleRun, SampleRuns } from './sample-runs.ts';
import { type AnnotatedRecording, commonLength } from './sample-scoring.ts';
import { type SzcoreCounts, type SzcoreScores, scoresOf } from './scores.ts';

/** Times in seconds. */
export interface EventScoringSettings {
  /** A detection this long before a seizure counts for it. */
  readonly toleranceStart: number;
  /** A detection this long after a seizure counts for it. */
  readonly toleranceEnd: number;
  /** Share of the extended seizure that has to be exceeded. */
  readonly minOverlap: number;
  /** Longer events are split. */
  readonly maxEventDuration: number;
  /** Events with a shorter gap are merged. */
  readonly minDurationBetweenEvents: number;
}

/** SzCORE's (Dan et al., Epilepsia 2024) and the board's. */
export const SZCORE_EVENT_SETTINGS: EventScoringSettings = {
  toleranceStart: 30,
  toleranceEnd: 60,
  minOverlap: 0,
  maxEventDuration: 300,
  minDurationBetweenEvents: 90,
};

/** Hz: the resolution of event scoring. */
export const EVENT_RATE = 10;

/** Slack of the comparison with `minOverlap`. */
const OVERLAP_SLACK = 1e-6;

/**
 * SzCORE's event scoring, as timescoring 0.0.7 does it, at 10 Hz: events with short gaps are merged, long ones split;
 * each reference, extended by the tolerances within the recording, is detected if enough of it is hypothesis; a
 * hypothesis with no sample in a detected reference is a false positive.
 *
 * @throws BgbError `SCORE_LENGTH` where the two have another number of labels
 */
export function scoreEvents(
  reference: AnnotatedRecording,
  hypothesis: AnnotatedRecording,
  settings: EventScoringSettings = SZCORE_EVENT_SETTINGS,
): SzcoreScores {
  return scoresOf(countEvents(reference, hypothesis, settings));
}

/** The counts of {@link scoreEvents}. */
export function countEvents(
  reference: AnnotatedRecording,
  hypothesis: AnnotatedRecording,
  settings: EventScoringSettings,
): SzcoreCounts {
  const numSamples = commonLength(reference, hypothesis, EVENT_RATE);
  const runIn = (event: TimeSpan) => runOf(event, EVENT_RATE, numSamples);
  const references = scoredEvents(reference.events, settings);
  const hypotheses = scoredEvents(hypothesis.events, settings);
  const hypothesisRuns = new SampleRuns(hypotheses.map(runIn));
  const fileDurationS = numSamples / EVENT_RATE;
  const detected: (SampleRun | null)[] = [];
  for (const { startS, endS } of references) {
    const extended = {
      startS: Math.max(0, startS - settings.toleranceStart),
      endS: Math.min(fileDurationS, endS + settings.toleranceEnd),
    };
    const run = runIn(extended);
    const overlapS = hypothesisRuns.countIn(run) / EVENT_RATE;
    // Nothing by nothing is not a number, and no detection.
    if (overlapS / (extended.endS - extended.startS) > settings.minOverlap + OVERLAP_SLACK)
      detected.push(run);
  }
  const detectedRuns = new SampleRuns(detected);
  const fp = hypotheses.filter((event) => detectedRuns.countIn(runIn(event)) === 0).length;
  return { numSamples, fs: EVENT_RATE, refTrue: references.length, tp: detected.length, fp };
}

/** What event scoring counts: events merged, then split. Times stay exact; only comparing them is at 10 Hz. */
export function scoredEvents(events: readonly TimeSpan[], settings: EventScoringSettings): TimeSpan[] {
  return split(merge(events, settings.minDurationBetweenEvents), settings.maxEventDuration);
}

/** In the order given, which sorts nothing: of an event within the one before, the end is taken. */
function merge(events: readonly TimeSpan[], gapS: number): TimeSpan[] {
  const merged: TimeSpan[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (last !== undefined && event.startS - last.endS < gapS)
      merged[merged.length - 1] = { startS: last.startS, endS: event.endS };
    else merged.push(event);
  }
  return merged;
}

function split(events: readonly TimeSpan[], longestS: number): TimeSpan[] {
  return events.flatMap(({ startS, endS }) => {
    const pieces: TimeSpan[] = [];
    let from = startS;
    for (; endS - from > longestS; from += longestS) pieces.push({ startS: from, endS: from + longestS });
    return [...pieces, { startS: from, endS }];
  });
}
