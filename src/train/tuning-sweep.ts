import type { PostprocessingSettings } from '../post/index.ts';
import {
  type CurvePoint,
  type Detector,
  type MeasuredRecording,
  type Measurement,
  type MeasuringPart,
  postprocessingDetector,
  SensitivityCurve,
  sweepThresholds,
  unionSeconds,
} from '../score/index.ts';

export interface TuningSettings {
  readonly postprocessing: PostprocessingSettings;
}

/** A threshold, what it counts, and how much of the recordings lies in its detections. */
export interface TuningPoint extends CurvePoint {
  readonly detectedS: number;
}

export interface TuningResults {
  /** By rising threshold. */
  readonly points: readonly TuningPoint[];
}

/** The sweep of `sensitivity_at_fa`, which thresholds are chosen from. */
export const TUNING_MEASUREMENT: Measurement<TuningSettings, MeasuredRecording, TuningResults> = {
  points: ({ postprocessing }) => new TuningSweep(postprocessingDetector(postprocessing)),
};

class TuningSweep implements MeasuringPart<MeasuredRecording, readonly TuningPoint[]> {
  readonly #detectedS = new Map<number, number>();
  readonly #curve: SensitivityCurve;

  constructor(detect: Detector) {
    this.#curve = new SensitivityCurve(sweepThresholds(), (probabilities, threshold) => {
      const events = detect(probabilities, threshold);
      this.#detectedS.set(threshold, (this.#detectedS.get(threshold) ?? 0) + unionSeconds(events));
      return events;
    });
  }

  add(recording: MeasuredRecording): void {
    this.#curve.add(recording, recording.curve);
  }

  result(): readonly TuningPoint[] {
    return this.#curve.points.map((point) => ({
      ...point,
      detectedS: this.#detectedS.get(point.threshold) ?? 0,
    }));
  }
}
