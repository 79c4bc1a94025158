import { InputError } from '../errors.ts';
import {
  type PostprocessingSettings,
  type ProbabilityCurve,
  postprocessedTimes,
  withExtremes,
} from '../post/index.ts';
import {
  anyOverlapEvents,
  type EventCounts,
  eventSensitivity,
  falseAlarmsPer24hRecorded,
  NO_EVENTS,
  type ScoredRecording,
} from './any-overlap.ts';
import { sumCounts } from './measured.ts';
import type { TimeSpan } from './time-spans.ts';

/** Makes events from a curve at one threshold. */
export type Detector = (curve: ProbabilityCurve, threshold: number) => readonly TimeSpan[];

/** How far `tau_off` lies below `tau_on` in the sweep, whatever distance a configuration has. */
const SWEEP_GAP = 0.08;

/**
 * The least `tau_off`: at 0 or below, an event would never end, and one event over a whole recording detects everything
 * in it without a false alarm.
 */
const LEAST_TAU_OFF = 0.01;

/** The `tau_off` that goes with a `tau_on` of the sweep: 0.08 below, but at least 0.01. */
export function sweepTauOff(tauOn: number): number {
  return Math.max(LEAST_TAU_OFF, decimal(tauOn - SWEEP_GAP));
}

/**
 * `sensitivity_at_fa`: the whole post-processing, swept over `tau_on` with `tau_off` of {@link sweepTauOff}. All other
 * settings apply as they are.
 */
export function postprocessingDetector(settings: PostprocessingSettings): Detector {
  return detectorOf(settings, sweepTauOff);
}

function detectorOf(settings: PostprocessingSettings, tauOffAt: (tauOn: number) => number): Detector {
  return (curve, threshold) =>
    postprocessedTimes(curve, {
      ...settings,
      hysteresis: { ...settings.hysteresis, tau_on: threshold, tau_off: tauOffAt(threshold) },
    });
}

/** Rounded so that decimals stay decimals: 0.86 - 0.08 is a little more than 0.78 in binary. */
function decimal(value: number): number {
  return Math.round(value * 1e12) / 1e12;
}

/**
 * `sensitivity_at_fa_plain`: runs of samples with p >= threshold, nothing else; one event ends where its segment does.
 */
export function plainThresholdDetector(): Detector {
  const plain: PostprocessingSettings = {
    hysteresis: { tau_on: 0, tau_off: 0, min_onset_samples: 1, min_offset_samples: 1 },
    morphology: { opening_kernel: 1, closing_kernel: 1 },
    duration: { min_duration_s: 0, max_duration_s: Infinity },
    events: { tau_merge: 0, confidence_method: 'peak', confidence_percentile: 1 },
  };
  return detectorOf(plain, (threshold) => threshold);
}

/** One threshold of the sweep, with the counts over all recordings. */
export interface CurvePoint {
  readonly threshold: number;
  readonly counts: EventCounts;
}

/** Sensitivity at a false-alarm rate, and the threshold that reaches it. */
export type SensitivityAtFalseAlarms =
  | ReachedSensitivity
  | { readonly value: null; readonly reason: string; readonly threshold: null };

export interface ReachedSensitivity {
  readonly value: number;
  readonly reason: null;
  readonly threshold: number;
  readonly counts: EventCounts;
}

/** Of `sensitivity_at_fa`: 0.05, 0.06 ... 0.99. */
export function sweepThresholds(): number[] {
  return Array.from({ length: 95 }, (_, index) => (index + 5) / 100);
}

/** Of `sensitivity_at_fa_plain`: 0.40, 0.45 ... 1.00. */
export function plainThresholds(): number[] {
  return Array.from({ length: 13 }, (_, index) => (40 + 5 * index) / 100);
}

/**
 * Event sensitivity against false alarms over a sweep of thresholds. Takes one recording at a time and keeps only
 * counts, so that a corpus needs no more memory than its longest recording.
 *
 * @example
 * const curve = new SensitivityCurve(sweepThresholds(), postprocessingDetector(settings));
 * for (const each of recordings) curve.add(each, each.probabilities);
 * curve.sensitivityAtFalseAlarms(10); // {value: 0.75, threshold: 0.83, ...} or {value: null, reason}
 */
export class SensitivityCurve {
  readonly #detect: Detector;
  #points: CurvePoint[];

  /** @throws InputError `SCORE_THRESHOLDS` unless there is at least one threshold, all of them finite */
  constructor(thresholds: readonly number[], detect: Detector) {
    if (thresholds.length === 0 || !thresholds.every(Number.isFinite)) {
      throw new InputError(
        'SCORE_THRESHOLDS',
        `Expected at least one threshold to sweep over, found [${thresholds.join(', ')}].`,
      );
    }
    this.#detect = detect;
    this.#points = thresholds
      .toSorted((a, b) => a - b)
      .map((threshold) => ({ threshold, counts: NO_EVENTS }));
  }

  /**
   * Detects at every threshold and adds the counts, which it gives by rising threshold.
   *
   * @throws BgbError `SCORE_EVENT`, `POST_NAN`, adding nothing
   */
  add(recording: ScoredRecording, curve: ProbabilityCurve): readonly EventCounts[] {
    const prepared = withExtremes(curve);
    const added = this.#points.map(({ threshold }) =>
      anyOverlapEvents([{ ...recording, hypotheses: this.#detect(prepared, threshold) }]),
    );
    this.#points = this.#points.map(({ threshold, counts }, index) => ({
      threshold,
      counts: sumCounts(counts, added[index]!),
    }));
    return added;
  }

  /** By rising threshold. */
  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  /** {@link sensitivityAtFalseAlarms} of these points. */
  sensitivityAtFalseAlarms(rate: number, minimumSeizureFreeHours = 0): SensitivityAtFalseAlarms {
    return sensitivityAtFalseAlarms(this.#points, rate, minimumSeizureFreeHours);
  }
}

/**
 * The highest event sensitivity among thresholds with at most `rate` false alarms per 24 h of recorded EEG; of equals the
 * highest threshold. Null with a reason when no threshold gets that low, without a reference event, or below the minimum of
 * seizure-free EEG (a report asks for 24 h; early stopping, which only compares epochs on the same recordings, for none).
 *
 * @param points of a sweep, by rising threshold
 */
export function sensitivityAtFalseAlarms(
  points: readonly CurvePoint[],
  rate: number,
  minimumSeizureFreeHours = 0,
): SensitivityAtFalseAlarms {
  let best: ReachedSensitivity | undefined;
  for (const { threshold, counts } of points) {
    const sensitivity = eventSensitivity(counts);
    if (sensitivity.value === null) return { ...sensitivity, threshold: null };
    const falseAlarms = falseAlarmsPer24hRecorded(counts, minimumSeizureFreeHours);
    if (falseAlarms.value === null) return { ...falseAlarms, threshold: null };
    if (falseAlarms.value > rate) continue;
    if (counts.detectedReferences >= (best?.counts.detectedReferences ?? 0))
      best = { ...sensitivity, threshold, counts };
  }
  const reason = `no threshold has at most ${rate} false alarms per 24 h`;
  return best ?? { value: null, reason, threshold: null };
}
