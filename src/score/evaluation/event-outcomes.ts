import { type DetectedEvent, type ProbabilityCurve, percentile } from '../../post/index.ts';
import type { ScoredRecording } from '../any-overlap.ts';
import { type TimeSpan, touches } from '../time-spans.ts';
import type { DelayReport } from './document.ts';

/** A seizure as annotated, with its type where that is known. */
export interface TypedSeizure extends TimeSpan {
  readonly type: string | null;
}

/** A recording whose seizures have types. */
export interface TypedRecording extends ScoredRecording {
  readonly references: readonly TypedSeizure[];
}

/** What became of a seizure. */
export interface SeizureOutcome extends TypedSeizure {
  readonly isDetected: boolean;
  /** Seconds from its start to that of the first detection that overlaps it; null if missed. */
  readonly delayS: number | null;
}

export interface EventOutcomes {
  /** Of those that were recorded at all. */
  readonly seizures: readonly SeizureOutcome[];
  /** Detections that share time with no seizure and with nothing excluded. */
  readonly falseAlarms: readonly DetectedEvent[];
}

/**
 * What became of each seizure and each detection of a recording, by any overlap: as `anyOverlapEvents` counts them.
 *
 * @param detections in order of time; none overlap
 */
export function eventOutcomes(
  { recorded, references, excluded = [] }: TypedRecording,
  detections: readonly DetectedEvent[],
): EventOutcomes {
  const isRecorded = touches(references, recorded);
  const isDetected = touches(references, detections);
  const [isMatching, isExcluded] = [touches(detections, references), touches(detections, excluded)];
  return {
    seizures: references
      .map((seizure, index) => ({
        ...seizure,
        isDetected: isDetected[index]!,
        delayS: isDetected[index] ? delayOf(seizure, detections) : null,
      }))
      .filter((_, index) => isRecorded[index]),
    falseAlarms: detections.filter((_, index) => !isMatching[index] && !isExcluded[index]),
  };
}

function delayOf(seizure: TimeSpan, detections: readonly DetectedEvent[]): number {
  const first = detections.find(({ startS, endS }) => startS < seizure.endS && endS > seizure.startS)!;
  return first.startS - seizure.startS;
}

/** Quartiles of the delays of what was detected, NumPy's default interpolation. */
export function delayReport(seizures: readonly SeizureOutcome[]): DelayReport {
  const delays = Float64Array.from(seizures.flatMap(({ delayS }) => delayS ?? [])).sort();
  const at = (share: number) => (delays.length > 0 ? percentile(delays, share) : null);
  return {
    detected: delays.length,
    before_onset: delays.filter((delay) => delay < 0).length,
    median_s: at(0.5),
    lower_quartile_s: at(0.25),
    upper_quartile_s: at(0.75),
  };
}

/** The highest probability of the samples within a span; 0 where none lies in it. */
export function highestProbability(
  { probabilities, sampleRate, segments }: ProbabilityCurve,
  { startS, endS }: TimeSpan,
): number {
  let highest = 0;
  for (const { firstRow, rows, startSample } of segments) {
    const from = Math.max(0, Math.ceil(startS * sampleRate - startSample - ROUNDING));
    const to = Math.min(rows, Math.ceil(endS * sampleRate - startSample - ROUNDING));
    for (let row = from; row < to; row++) highest = Math.max(highest, probabilities[firstRow + row]!);
  }
  return highest;
}

/** Times of samples come from whole samples: what is off by less is rounding. */
const ROUNDING = 1e-6;

/** Groups by duration, in the order of reports; a seizure of exactly 10 or 30 s is in the longer one, of 60 s in the shorter. */
export const DURATION_GROUPS = ['< 10 s', '10-30 s', '30-60 s', '> 60 s'] as const;

export function durationGroup({ startS, endS }: TimeSpan): (typeof DURATION_GROUPS)[number] {
  const durationS = endS - startS;
  if (durationS < 10 - ROUNDING) return '< 10 s';
  if (durationS < 30 - ROUNDING) return '10-30 s';
  return durationS <= 60 + ROUNDING ? '30-60 s' : '> 60 s';
}
