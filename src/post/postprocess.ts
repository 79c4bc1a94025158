import type { Config } from '../config/index.ts';
import type { BlockExtremes } from './block-extremes.ts';
import { confidence } from './confidence.ts';
import type { ProbabilityCurve } from './curve.ts';
import { hysteresis } from './hysteresis.ts';
import { close, open } from './morphology.ts';
import { isLongerThan, keepDurations, mergeGaps, type Run } from './runs.ts';

/** A detected seizure; times from the start of the recording (or of what was given). */
export interface DetectedEvent {
  readonly startS: number;
  /** Exclusive. */
  readonly endS: number;
  /** 0 to 1 */
  readonly confidence: number;
  /** Longer than `max_duration_s`: kept, for real seizures are (CHB-MIT has one of 752 s), and to be looked at. */
  readonly isLong: boolean;
}

/** The part of `config.postprocessing` that makes events from a curve; a score file stores it (failures G15-G18). */
export type PostprocessingSettings = Pick<
  Config['postprocessing'],
  'hysteresis' | 'morphology' | 'duration' | 'events'
>;

/**
 * Events of one stretch without holes, `(T)`: hysteresis, opening, closing (zero outside), minimum and maximum
 * duration, merging of gaps, confidence. Events longer than the maximum are kept and flagged. Linear in T; the
 * percentile confidence also sorts each event's samples. `startSample` is the time of the first sample.
 *
 * @throws BgbError `POST_NAN`
 */
export function postprocess(
  probabilities: ArrayLike<number>,
  sampleRate: number,
  settings: PostprocessingSettings,
  startSample = 0,
): DetectedEvent[] {
  const { events } = settings;
  const runs = eventRuns(probabilities, sampleRate, settings);
  return runs.map((run) => ({
    startS: (startSample + run.start) / sampleRate,
    endS: (startSample + run.end) / sampleRate,
    confidence: confidence(probabilities, run, events.confidence_method, events.confidence_percentile),
    isLong: isLongerThan(run, settings.duration.max_duration_s * sampleRate),
  }));
}

/** What {@link postprocess} makes events of: all of it but the confidence. In samples. @throws BgbError `POST_NAN` */
function eventRuns(
  probabilities: ArrayLike<number>,
  sampleRate: number,
  settings: PostprocessingSettings,
  extremes: BlockExtremes | null = null,
): Run[] {
  const { morphology, duration, events } = settings;
  const thresholds = {
    tauOn: settings.hysteresis.tau_on,
    tauOff: settings.hysteresis.tau_off,
    minOnsetSamples: settings.hysteresis.min_onset_samples,
    minOffsetSamples: settings.hysteresis.min_offset_samples,
  };
  let runs = hysteresis(probabilities, thresholds, extremes);
  runs = open(runs, morphology.opening_kernel);
  runs = close(runs, morphology.closing_kernel, probabilities.length);
  runs = keepDurations(runs, duration.min_duration_s * sampleRate);
  return mergeGaps(runs, events.tau_merge * sampleRate);
}

/**
 * The times of {@link postprocessCurve}'s events, without their confidence: for sweeps over thresholds, quick on a
 * curve from `withExtremes`.
 *
 * @throws BgbError `POST_NAN`
 */
export function postprocessedTimes(
  curve: ProbabilityCurve,
  settings: PostprocessingSettings,
): { startS: number; endS: number }[] {
  const { probabilities, sampleRate, segments, extremes } = curve;
  return segments.flatMap(({ firstRow, rows, startSample }, index) =>
    eventRuns(
      probabilities.subarray(firstRow, firstRow + rows),
      sampleRate,
      settings,
      extremes?.[index] ?? null,
    ).map(({ start, end }) => ({
      startS: (startSample + start) / sampleRate,
      endS: (startSample + end) / sampleRate,
    })),
  );
}

/**
 * Events of a recording, in recording time. Each segment is processed alone: no event spans a hole, for nothing
 * is known of what was not recorded.
 *
 * @throws BgbError `POST_NAN`
 */
export function postprocessCurve(curve: ProbabilityCurve, settings: PostprocessingSettings): DetectedEvent[] {
  return curve.segments.flatMap(({ firstRow, rows, startSample }) =>
    postprocess(
      curve.probabilities.subarray(firstRow, firstRow + rows),
      curve.sampleRate,
      settings,
      startSample,
    ),
  );
}
