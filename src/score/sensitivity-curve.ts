import { InputError } from '../errors.ts';
import { type PostprocessingSettings, type ProbabilityCurve, postprocessCurve } from '../post/index.ts';
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

/**
 * The whole post-processing, swept over `tau_on`; `tau_off` stays the configured distance below it. All other
 * settings apply as they are.
 */
export function postprocessingDetector(settings: PostprocessingSettings): Detector {
  // No confidence is read here, and the peak is the quickest.
  const events = { ...settings.events, confidence_method: 'peak' } as const;
  return (curve, threshold) =>
    postprocessCurve(curve, {
      ...settings,
      events,
      hysteresis: {
        ...settings.hysteresis,
        tau_on: threshold,
        tau_off: tauOffAt(threshold, settings.hysteresis),
      },
    });
}

/** Runs of samples with p >= threshold, nothing else; one event ends where its segment does. */
export function plainThresholdDetector(): Detector {
  return postprocessingDetector({
    hysteresis: { tau_on: 0, tau_off: 0, min_onset_samples: 1, min_offset_samples: 1 },
    morphology: { opening_kernel: 1, closing_kernel: 1 },
    duration: { min_duration_s: 0, max_duration_s: Infinity },
    events: { tau_merge: 0, confidence_method: 'peak', confidence_percentile: 1 },
  });
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

/** 0.01, 0.02 ... 1.00, without those at which `tau_off` would not be above 0. */
export function sweepThresholds({ hysteresis }: PostprocessingSettings): number[] {
  const percents = Array.from({ length: 100 }, (_, index) => (index + 1) / 100);
  return percents.filter((threshold) => tauOffAt(threshold, hysteresis) > 0);
}

/** Rounded so that decimals stay decimals: 0.86 - 0.78 is a little less than 0.08 in binary. */
function tauOffAt(threshold: number, { tau_on, tau_off }: PostprocessingSettings['hysteresis']): number {
  return Math.round((threshold - (tau_on - tau_off)) * 1e12) / 1e12;
}

/**
 * Event sensitivity against false alarms over a sweep of thresholds. Takes one recording at a time and keeps only
 * counts, so that a corpus needs no more memory than its longest recording.
 *
 * @example
 * const curve = new SensitivityCurve(sweepThresholds(settings), postprocessingDetector(settings));
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

  /** Detects at every threshold and adds the counts. @throws BgbError `SCORE_EVENT`, `POST_NAN`, adding nothing */
  add(recording: ScoredRecording, curve: ProbabilityCurve): void {
    this.#points = this.#points.map(({ threshold, counts }) => {
      const hypotheses = this.#detect(curve, threshold);
      return { threshold, counts: sumCounts(counts, anyOverlapEvents([{ ...recording, hypotheses }])) };
    });
  }

  /** By rising threshold. */
  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  /**
   * The highest event sensitivity among thresholds with at most `rate` false alarms per 24 h of recorded EEG;
   * among equals the one with fewer false alarms, then the lower threshold. Null with a reason when no threshold
   * gets that low, without a reference event, or below the minimum of seizure-free EEG (a report asks for 24 h;
   * early stopping, which only compares epochs on the same recordings, for none).
   */
  sensitivityAtFalseAlarms(rate: number, minimumSeizureFreeHours = 0): SensitivityAtFalseAlarms {
    let best: ReachedSensitivity | undefined;
    for (const { threshold, counts } of this.#points) {
      const sensitivity = eventSensitivity(counts);
      if (sensitivity.value === null) return { ...sensitivity, threshold: null };
      const falseAlarms = falseAlarmsPer24hRecorded(counts, minimumSeizureFreeHours);
      if (falseAlarms.value === null) return { ...falseAlarms, threshold: null };
      if (falseAlarms.value > rate) continue;
      if (best === undefined || isBetter(counts, best.counts)) best = { ...sensitivity, threshold, counts };
    }
    const reason = `no threshold has at most ${rate} false alarms per 24 h`;
    return best ?? { value: null, reason, threshold: null };
  }
}

function isBetter(counts: EventCounts, best: EventCounts): boolean {
  if (counts.detectedReferences !== best.detectedReferences) {
    return counts.detectedReferences > best.detectedReferences;
  }
  return counts.falseAlarms < best.falseAlarms;
}
