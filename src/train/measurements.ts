import {
  CURVE_MEASUREMENT,
  type CurveResults,
  type EvaluationSettings,
  type MeasuredRecording,
  type Measurement,
} from '../score/index.ts';
import { DEV_MEASUREMENT, type DevRecording, type DevResults, type DevSettings } from './dev-metrics.ts';
import { TUNING_MEASUREMENT, type TuningResults, type TuningSettings } from './tuning-sweep.ts';

/** What each kind of measurement is set by, takes and yields. */
export interface Measured {
  /** During training. */
  readonly dev: { settings: DevSettings; recording: DevRecording; results: DevResults };
  /** `bgb evaluate` */
  readonly evaluation: { settings: EvaluationSettings; recording: MeasuredRecording; results: CurveResults };
  /** `bgb tune` */
  readonly tuning: { settings: TuningSettings; recording: MeasuredRecording; results: TuningResults };
}

export type MeasurementKind = keyof Measured;

export const MEASUREMENTS: {
  readonly [Kind in MeasurementKind]: Measurement<
    Measured[Kind]['settings'],
    Measured[Kind]['recording'],
    Measured[Kind]['results']
  >;
} = {
  dev: DEV_MEASUREMENT,
  evaluation: CURVE_MEASUREMENT,
  tuning: TUNING_MEASUREMENT,
};
