import { configSchema } from '../../config/index.ts';
import {
  type EvaluationDocument,
  type FalseAlarm,
  type MissedSeizure,
  ScorerTally,
} from '../../score/index.ts';

const figure = (value: number, low: number, high: number) => ({
  value,
  reason: null,
  interval: { low, high, method: 'bootstrap over patients' as const },
});

/** A document with round figures, as `bgb evaluate` would write it. */
export function documentOf(more: Partial<EvaluationDocument> = {}): EvaluationDocument {
  const scorers = new ScorerTally();
  scorers.add({
    subject: 'a',
    durationS: 3600,
    references: [{ startS: 100, endS: 130 }],
    hypotheses: [{ startS: 110, endS: 140 }],
  });
  const bins = Array.from({ length: 10 }, (_, index) => ({
    low: index / 10,
    high: (index + 1) / 10,
    samples: index === 3 ? 0 : 10 ** (6 - index / 2),
    mean_probability: index === 3 ? null : (index + 0.5) / 10,
    share_of_seizure: index === 3 ? null : index / 20,
  }));
  return {
    format: 'bgb-evaluation',
    version: 1,
    title: 'run/best.json on cache (eval)',
    checkpoint: 'run/best.json',
    checkpoint_sha256: 'ab'.repeat(32),
    checkpoint_step: 4000,
    checkpoint_epoch: 10,
    code_version: '0.1.0',
    data: 'cache',
    split: 'eval',
    data_hash: 'cd'.repeat(32),
    recordings: 40,
    patients: 2,
    recorded_hours: 48,
    seizure_free_hours: 47,
    seizures: 20,
    prevalence: 0.0125,
    channels: ['Fp1-F7', 'F7-T3', 'Fp2-F8'],
    excerpt_unit: 'uV',
    scores_over_samples: 'exact',
    left_out: [],
    thresholds: { state: 'untuned', tau_on: 0.86, tau_off: 0.78, tuned_on: null, shared: null },
    tuned_on: "untuned: tau_on 0.86, tau_off 0.78 are the configuration's",
    seen_in_training: null,
    references: { trained_on: ['REF'], found: ['REF'], mismatched: 0 },
    preprocessing_uses_future: [],
    postprocessing: configSchema.shape.postprocessing.parse({}),
    figures: {
      auroc_over_samples: figure(0.9, 0.85, 0.93),
      event_sensitivity_any_overlap: figure(0.6, 0.4, 0.8),
      false_alarms_per_24h_recorded: figure(9, 6, 14),
      sensitivity_at_10fa: figure(0.7, 0.5, 0.85),
    },
    bootstrap: { resamples: 1000, seed: 0, patients: 2 },
    sensitivity_at_fa: [
      {
        ...figure(0.7, 0.5, 0.85),
        fa_per_24h: 9,
        threshold: 0.83,
        corpus: 'cache (eval)',
        seizure_free_hours: 47,
        prevalence: 0.0125,
      },
    ],
    sensitivity_at_fa_plain: [],
    operating_curve: [
      {
        tau_on: 0.1,
        tau_off: 0.02,
        sensitivity: 1,
        false_alarms_per_24h: 99,
        detected: 20,
        false_alarms: 198,
      },
      {
        tau_on: 0.5,
        tau_off: 0.42,
        sensitivity: 0.75,
        false_alarms_per_24h: 9,
        detected: 15,
        false_alarms: 18,
      },
      {
        tau_on: 0.99,
        tau_off: 0.91,
        sensitivity: 0.25,
        false_alarms_per_24h: 0,
        detected: 5,
        false_alarms: 0,
      },
    ],
    calibration: {
      pooling: 'samples of all recordings',
      samples: 44_000_000,
      raw: { brier: 0.012, ece: 0.03, mean_probability: 0.04, bins },
      corrected: null,
      correction: null,
      reason: 'the checkpoint does not say how much seizure its batches held',
    },
    sensitivity_by_type: [
      { group: 'fnsz', seizures: 15, detected: 12, ...figure(0.8, 0.5, 0.9) },
      { group: 'gnsz', seizures: 5, detected: 0, ...figure(0, 0, 0.4) },
    ],
    sensitivity_by_duration: [
      { group: '< 10 s', seizures: 0, detected: 0, value: null, reason: 'no seizure', interval: null },
      { group: '10-30 s', seizures: 20, detected: 12, ...figure(0.6, 0.4, 0.8) },
    ],
    detection_delay: {
      detected: 12,
      before_onset: 2,
      median_s: 5,
      lower_quartile_s: -2.5,
      upper_quartile_s: 17.5,
    },
    longer_than_max_duration: [],
    per_patient: [
      {
        patient: 'a',
        recordings: 30,
        recorded_hours: 36,
        seizures: 10,
        detected: 6,
        false_alarms: 12,
        sensitivity: 0.6,
        false_alarms_per_24h: 8,
      },
      {
        patient: 'b',
        recordings: 10,
        recorded_hours: 12,
        seizures: 10,
        detected: 6,
        false_alarms: 6,
        sensitivity: 0.6,
        false_alarms_per_24h: 12,
      },
    ],
    per_recording: [],
    missed_seizures: [],
    false_alarms: [],
    ...scorers.scores(),
    ...more,
  };
}

export function missedOf(more: Partial<MissedSeizure> = {}): MissedSeizure {
  return {
    recording: 'a/one.npz',
    patient: 'a',
    start_s: 120,
    end_s: 150,
    type: 'fnsz',
    highest_probability: 0.43,
    excerpt: null,
    ...more,
  };
}

export function falseAlarmOf(more: Partial<FalseAlarm> = {}): FalseAlarm {
  return {
    recording: 'a/one.npz',
    patient: 'a',
    start_s: 600,
    end_s: 612,
    confidence: 0.9,
    is_long: false,
    highest_probability: 0.95,
    excerpt: null,
    ...more,
  };
}
