import type { DetectedEvent, PostprocessingSettings, ProbabilityCurve } from '../../post/index.ts';
import type { TimeSpan } from '../time-spans.ts';
import type { TrainingPrior } from './calibration.ts';
import type { TypedSeizure } from './event-outcomes.ts';

/** A recording, the probabilities that the detector gives it, and what was annotated. */
export interface MeasuredRecording {
  readonly name: string;
  readonly patient: string;
  /** Never empty. */
  readonly recorded: readonly TimeSpan[];
  readonly references: readonly TypedSeizure[];
  readonly excluded: readonly TimeSpan[];
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: ArrayLike<number>;
  /** N probabilities. */
  readonly curve: ProbabilityCurve;
}

/** With what was detected in it. */
export interface EvaluatedRecording extends MeasuredRecording {
  /** The events of the thresholds in use. */
  readonly detections: readonly DetectedEvent[];
  /** Files that were written of it, for the document. */
  readonly predictions: string | null;
  readonly probabilities: string | null;
}

export interface EvaluationSettings {
  readonly postprocessing: PostprocessingSettings;
  /** `evaluation.fa_rates` */
  readonly rates: readonly number[];
  /** What the set is called in figures that mean nothing without it. */
  readonly corpus: string;
  /** null where the checkpoint does not say. */
  readonly prior: TrainingPrior | null;
  readonly bootstrapSeed: number;
}
