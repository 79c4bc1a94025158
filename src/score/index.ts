/**
 * How good a detector is. Every figure is a number or null with its reason; names say what was pooled.
 *
 * ```ts
 * const pool = new ScorePool('samples');
 * const sweep = new SensitivityCurve(sweepThresholds(), postprocessingDetector(settings));
 * for (const { name, curve, labels, recorded, references } of recordings) {
 *   pool.add(curve.probabilities, labels);
 *   sweep.add({ name, recorded, references }, curve);
 * }
 * pool.figures().auroc_over_samples;    // {value: 0.93, reason: null}
 * sweep.sensitivityAtFalseAlarms(10);   // {value: 0.75, threshold: 0.83, ...} or {value: null, reason: '...'}
 * ```
 *
 * Scorers with their own definitions of an event each have a folder of their own beside `baselines/`.
 */
export { falseAlarmsPer24hRecorded } from './any-overlap.ts';
export * from './baselines/index.ts';
export * from './evaluation/index.ts';
export * from './files/index.ts';
export { BACKGROUND, EXCLUDED, SEIZURE } from './labels.ts';
export { type Measured, measured, sumCounts } from './measured.ts';
export { auroc } from './ranking.ts';
export {
  sampleCounts,
  sensitivityOverSamples,
  specificityOverSamples,
} from './sample-counts.ts';
export { ScorePool } from './score-pool.ts';
export { ScorerTally } from './scorer-tally.ts';
export {
  type CurvePoint,
  type Detector,
  plainThresholdDetector,
  postprocessingDetector,
  type ReachedSensitivity,
  type SensitivityAtFalseAlarms,
  SensitivityCurve,
  sensitivityAtFalseAlarms,
  sweepTauOff,
  sweepThresholds,
} from './sensitivity-curve.ts';
export { type TimeSpan, touches, unionSeconds } from './time-spans.ts';
