import { BgbError } from '../../errors.ts';
import type { TimeSpan } from '../time-spans.ts';
import { roundHalfEven, runOf, SampleRuns } from './sample-runs.ts';
import { type SzcoreCounts, type SzcoreScores, scoresOf } from './scores.ts';

/** Seizures of one recording, and how long it is. */
export interface AnnotatedRecording {
  /** As annotated: in the file's order, also where they overlap or leave the recording. */
  readonly events: readonly TimeSpan[];
  readonly durationS: number;
}

/**
 * SzCORE's sample scoring, as timescoring 0.0.7 does it: both annotations as labels at `sampleRate`, an event being
 * the samples from its rounded start to its rounded end (halves to even), compared label by label.
 *
 * @throws BgbError `SCORE_LENGTH` where the two have another number of labels
 */
export function scoreSamples(
  reference: AnnotatedRecording,
  hypothesis: AnnotatedRecording,
  sampleRate = 1,
): SzcoreScores {
  return scoresOf(countSamples(reference, hypothesis, sampleRate));
}

/** The counts of {@link scoreSamples}. */
export function countSamples(
  reference: AnnotatedRecording,
  hypothesis: AnnotatedRecording,
  sampleRate: number,
): SzcoreCounts {
  const numSamples = commonLength(reference, hypothesis, sampleRate);
  const [ref, hyp] = [reference, hypothesis].map(
    ({ events }) => new SampleRuns(events.map((event) => runOf(event, sampleRate, numSamples))),
  ) as [SampleRuns, SampleRuns];
  const tp = ref.countCommon(hyp);
  return { numSamples, fs: sampleRate, refTrue: ref.count, tp, fp: hyp.count - tp };
}

/** Labels that a recording has at a rate. */
export function labelsAt(durationS: number, sampleRate: number): number {
  return roundHalfEven(durationS * sampleRate);
}

/** @throws BgbError `SCORE_LENGTH` */
export function commonLength(
  reference: AnnotatedRecording,
  hypothesis: AnnotatedRecording,
  sampleRate: number,
): number {
  const length = labelsAt(reference.durationS, sampleRate);
  const found = labelsAt(hypothesis.durationS, sampleRate);
  if (length === found) return length;
  throw new BgbError(
    'SCORE_LENGTH',
    `Expected ${length} labels at ${sampleRate} Hz, as many as the reference of ${reference.durationS} s has, found ${found}: the hypothesis is of ${hypothesis.durationS} s.`,
  );
}
