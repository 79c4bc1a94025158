import type { Config, Split } from '../../config/index.ts';
import type { Measured } from '../measured.ts';
import type { ScorerScores } from '../scorer-tally.ts';

/**
 * What `bgb evaluate` found: `evaluation.json`, and what `--json` prints. Reports and plots are drawn from it alone,
 * with the files that it names. Keys are stable; docs/scoring.md documents them. What is undefined is null, with a reason
 * where it is a figure. Times are seconds from the start of the recording; ends are exclusive.
 */
export interface EvaluationDocument {
  readonly format: 'bgb-evaluation';
  readonly version: 1;
  /** For a report's heading: checkpoint, data, and that thresholds were tuned on this set where they were. */
  readonly title: string;
  readonly checkpoint: string;
  readonly checkpoint_sha256: string;
  readonly checkpoint_step: number;
  readonly checkpoint_epoch: number;
  /** What saved the checkpoint. */
  readonly code_version: string;
  /** As given: a cache, or recordings. */
  readonly data: string;
  /** Of a cache the split that was scored; null for recordings that were not cached. */
  readonly split: Split | null;
  /** Hash over names and content of the recordings, as a manifest's `data_hash`. */
  readonly data_hash: string;
  readonly recordings: number;
  readonly patients: number;
  readonly recorded_hours: number;
  /** Recorded, without seizures and what is excluded. */
  readonly seizure_free_hours: number;
  /** References of which something was recorded. */
  readonly seizures: number;
  /** Share of seizure among the samples that are not excluded; null without such samples. */
  readonly prevalence: number | null;
  /** Channels of the excerpts, in order. */
  readonly channels: readonly string[];
  /** Of the excerpts' samples times their scale. */
  readonly excerpt_unit: 'uV' | 'standard deviations';
  /** Recordings that could not be used, with the reason. */
  readonly left_out: readonly string[];
  readonly thresholds: ThresholdsInUse;
  /** The same in a sentence. */
  readonly tuned_on: string;
  /** Whether training has seen this very set: as `train`, or as the `dev` that chose the checkpoint; null if neither. */
  readonly seen_in_training: 'train' | 'dev' | null;
  readonly references: ReferenceReport;
  /** Preprocessing that looks at what was recorded later; empty where the detector could run while recording. */
  readonly preprocessing_uses_future: readonly string[];
  /** As applied, with the thresholds in use. */
  readonly postprocessing: Config['postprocessing'];
  /**
   * Whether AUROC, average precision and calibration over samples are of every sample's score as it is; `in bins` of
   * 1/16,384 of the score where there are more than 134 million.
   */
  readonly scores_over_samples: 'exact' | 'in bins';
  /** Every single figure by its name. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** How the intervals were made. */
  readonly bootstrap: { readonly resamples: number; readonly seed: number; readonly patients: number };
  /** For each rate of `evaluation.fa_rates`. */
  readonly sensitivity_at_fa: readonly SensitivityAtRate[];
  readonly sensitivity_at_fa_plain: readonly SensitivityAtRate[];
  /** The sweep over `tau_on` behind `sensitivity_at_fa`, by rising threshold. */
  readonly operating_curve: readonly OperatingPoint[];
  readonly calibration: CalibrationReport;
  /** In the order of the types' names. */
  readonly sensitivity_by_type: readonly SensitivityOfGroup[];
  /** `< 10 s`, `10-30 s`, `30-60 s`, `> 60 s`. */
  readonly sensitivity_by_duration: readonly SensitivityOfGroup[];
  readonly detection_delay: DelayReport;
  /** Detections longer than `postprocessing.duration.max_duration_s`: kept, and to be looked at. */
  readonly longer_than_max_duration: readonly DetectionRecord[];
  /** In the order of their names. */
  readonly per_patient: readonly PatientRow[];
  readonly per_recording: readonly RecordingRow[];
  /** All of them, in the order of the recordings. */
  readonly missed_seizures: readonly MissedSeizure[];
  readonly false_alarms: readonly FalseAlarm[];
  /** As `bgb score`'s, of the seizures found at the thresholds in use. */
  readonly szcore: ScorerScores['szcore'];
  readonly nedc: ScorerScores['nedc'];
  readonly false_alarms_per_24h: ScorerScores['false_alarms_per_24h'];
}

/** What recordings to be predicted were recorded against, beside what the model was trained on. */
export interface ReferenceReport {
  /** null where the checkpoint does not say. */
  readonly trained_on: readonly string[] | null;
  readonly found: readonly string[];
  /** Recordings of a reference that was not trained on; predicted only where that is forced. */
  readonly mismatched: number;
}

/** The thresholds that made the events, and what they were tuned on. */
export interface ThresholdsInUse {
  /** `untuned`: those of the configuration, which nobody chose on data. */
  readonly state: 'tuned' | 'untuned';
  readonly tau_on: number;
  readonly tau_off: number;
  /** null where untuned. */
  readonly tuned_on: TunedOn | null;
  /** null where untuned: what the tuning has in common with the set that is scored here. */
  readonly shared: {
    /** All recordings are those that were tuned on. */
    readonly is_same_set: boolean;
    readonly recordings: number;
    readonly patients: readonly string[];
  } | null;
}

/** What a checkpoint says of the set its thresholds were tuned on. */
export interface TunedOn {
  /** Its name, as `--set-name` gave it. */
  readonly set: string;
  readonly data_hash: string;
  readonly recordings: number;
  readonly patients: number;
  readonly seizures: number;
  readonly seizure_free_hours: number;
  /** False alarms per 24 h that were asked for, and what was reached there. */
  readonly target_fa_per_24h: number;
  readonly fa_per_24h: number;
  readonly sensitivity: number;
}

/** Where a figure lies with 95 % confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly method: 'bootstrap over patients' | 'exact binomial (Clopper-Pearson)' | 'exact Poisson (Garwood)';
}

/** A figure with its interval; null where none can be given. */
export type Figure = Measured & { readonly interval: Interval | null };

/** Event sensitivity where a false-alarm rate is met, with what such a figure means nothing without. */
export type SensitivityAtRate = Figure & {
  readonly fa_per_24h: number;
  /** The threshold that reaches it; chosen on this very set. */
  readonly threshold: number | null;
  readonly corpus: string;
  readonly seizure_free_hours: number;
  readonly prevalence: number | null;
};

export interface OperatingPoint {
  readonly tau_on: number;
  readonly tau_off: number;
  /** null without a reference, or where nothing was recorded. */
  readonly sensitivity: number | null;
  readonly false_alarms_per_24h: number | null;
  readonly detected: number;
  readonly false_alarms: number;
}

export interface CalibrationReport {
  /** What is pooled. */
  readonly pooling: 'samples of all recordings';
  readonly samples: number;
  /** As the model gives them. */
  readonly raw: CalibrationFigures;
  /** For the share of seizure where the detector is used; null with a reason where the checkpoint does not say. */
  readonly corrected: CalibrationFigures | null;
  readonly correction: PriorCorrection | null;
  readonly reason: string | null;
}

/** Odds are multiplied by `odds(to) / (odds(from) * loss_odds)`: a shift of the logit (Saerens et al. 2002). */
export interface PriorCorrection {
  /** Share of seizure samples in the batches that were trained on. */
  readonly from_prevalence: number;
  /** By how much the loss weighs seizure more than background. */
  readonly loss_odds: number;
  readonly to_prevalence: number;
  readonly to: 'whole recordings of the training set' | 'the recordings that are scored';
  /** What is added to the logit. */
  readonly logit_shift: number;
}

export interface CalibrationFigures {
  /** Mean squared difference of probability and label (Brier 1950). */
  readonly brier: number | null;
  /** Expected calibration error over the bins (Naeini et al. 2015). */
  readonly ece: number | null;
  readonly mean_probability: number | null;
  /** Of equal width from 0 to 1; `low` inclusive, `high` exclusive but for 1. */
  readonly bins: readonly ReliabilityBin[];
}

export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly samples: number;
  /** null in an empty bin. */
  readonly mean_probability: number | null;
  readonly share_of_seizure: number | null;
}

export type SensitivityOfGroup = Figure & {
  readonly group: string;
  readonly seizures: number;
  readonly detected: number;
};

/** Seconds from a seizure's start to the start of the first detection that overlaps it; negative where that is earlier. */
export interface DelayReport {
  readonly detected: number;
  readonly before_onset: number;
  readonly median_s: number | null;
  readonly lower_quartile_s: number | null;
  readonly upper_quartile_s: number | null;
}

export interface PatientRow {
  readonly patient: string;
  readonly recordings: number;
  readonly recorded_hours: number;
  readonly seizures: number;
  readonly detected: number;
  readonly false_alarms: number;
  /** null without a seizure. */
  readonly sensitivity: number | null;
  /** Of however few hours. */
  readonly false_alarms_per_24h: number | null;
}

export interface RecordingRow {
  readonly recording: string;
  readonly patient: string;
  /** From the recording's start to its end, holes included. */
  readonly duration_s: number;
  readonly recorded_s: number;
  readonly seizures: number;
  readonly detected: number;
  readonly false_alarms: number;
  /** Paths below the output folder; null where nothing was written. */
  readonly predictions: string | null;
  readonly probabilities: string | null;
}

interface PlacedEvent {
  readonly recording: string;
  readonly patient: string;
  readonly start_s: number;
  readonly end_s: number;
}

export interface MissedSeizure extends PlacedEvent {
  /** Its label, such as `fnsz`; null where the entry does not say which of several types it is. */
  readonly type: string | null;
  /** The highest probability within it. */
  readonly highest_probability: number;
  readonly excerpt: Excerpt | null;
}

export interface DetectionRecord extends PlacedEvent {
  readonly confidence: number;
  readonly is_long: boolean;
}

export interface FalseAlarm extends DetectionRecord {
  readonly highest_probability: number;
  readonly excerpt: Excerpt | null;
}

/** The EEG around an event and the probability under it, as files below the output folder; of a sample of events only. */
export interface Excerpt {
  /** int16 (n, C), NumPy's format, as preprocessed; times `scale` in the unit of the preprocessing. */
  readonly eeg: string;
  /** float32 (n) */
  readonly probability: string;
  readonly start_s: number;
  readonly sample_rate_hz: number;
  readonly scale: number;
}
