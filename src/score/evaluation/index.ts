/**
 * What a detector is worth on a set of recordings, beyond its scores: intervals, calibration, what it misses and how late
 * it is. The document that `bgb evaluate` writes, and the tally that fills it recording by recording.
 */
export type { TrainingPrior } from './calibration.ts';
export type * from './document.ts';
export type { EvaluatedRecording, EvaluationSettings, MeasuredRecording } from './evaluated-recording.ts';
export {
  CURVE_MEASUREMENT,
  type CurveResults,
  EvaluationTally,
  evaluationFigures,
} from './evaluation-tally.ts';
export type { TypedSeizure } from './event-outcomes.ts';
export { EventTally } from './event-tally.ts';
export { type Measurement, type MeasuringPart, openParts } from './measuring-part.ts';
export { operatingCurve } from './operating-curve.ts';
export { PatientBootstrap } from './patient-bootstrap.ts';
export { LEAST_SEIZURE_FREE_HOURS } from './patient-sweep.ts';
