import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configSchema } from '../../config/index.ts';
import { labelledEvents, postprocessCurve, recordedSpans, segmentsOf } from '../../post/index.ts';
import { EXCLUDED, SEIZURE } from '../labels.ts';
import type { EvaluatedRecording } from './evaluated-recording.ts';
import { EvaluationTally } from './evaluation-tally.ts';

/** One sample in 10 s, so that days are short. */
const RATE = 0.1;
const HOUR = 360;
const { postprocessing } = configSchema.parse({
  postprocessing: {
    hysteresis: { tau_on: 0.6, tau_off: 0.5, min_onset_samples: 1, min_offset_samples: 1 },
    morphology: { opening_kernel: 1, closing_kernel: 1 },
    duration: { min_duration_s: 0, max_duration_s: 100 },
    events: { tau_merge: 0 },
  },
});

/** Hours of background at 0.005; then `[label, probability, samples, first sample]`. */
function recordingOf(
  name: string,
  hours: number,
  parts: readonly (readonly [number, number, number, number])[],
  type = 'fnsz',
): EvaluatedRecording {
  const rows = hours * HOUR;
  const labels = new Uint8Array(rows);
  const probabilities = new Float32Array(rows).fill(0.005);
  for (const [label, probability, samples, first] of parts) {
    labels.fill(label, first, first + samples);
    probabilities.fill(probability, first, first + samples);
  }
  const segments = segmentsOf([[0, 0]], rows);
  const curve = { probabilities, sampleRate: RATE, segments };
  const spans = (label: number) => labelledEvents(labels, label, segments, RATE);
  return {
    ...{ name, labels, curve, predictions: null, probabilities: null },
    patient: name.slice(0, 2),
    recorded: recordedSpans(segments, RATE),
    references: spans(SEIZURE).map((span) => ({ ...span, type })),
    excluded: spans(EXCLUDED),
    detections: postprocessCurve(curve, postprocessing),
  };
}

function evaluate(recordings: readonly EvaluatedRecording[], prior = null) {
  const tally = new EvaluationTally({
    ...{ postprocessing, prior, corpus: 'a corpus', rates: [10, 1], bootstrapSeed: 0 },
  });
  for (const recording of recordings) tally.add(recording);
  return tally.figures();
}

const SOME = [
  // Detected after 10 s for the 30 s of it; missed; a false alarm of 200 s, longer than the maximum.
  recordingOf('p1/a', 20, [
    [1, 0.3, 1, 100],
    [1, 0.9, 3, 101],
    [1, 0.2, 1, 500],
    [0, 0.8, 20, 1000],
  ]),
  recordingOf('p2/b', 10, [[2, 0.9, 5, 50]], 'gnsz'),
  recordingOf('p2/c', 1, [[1, 0.7, 10, 50]], 'gnsz'),
];

test('everything that is listed, by arithmetic', () => {
  const figures = evaluate(SOME);
  expect(figures).toMatchObject({ recordings: 3, patients: 2, recorded_hours: 31, seizures: 3 });
  // 4, 1 and 10 samples of seizure, 5 excluded.
  expect(figures.prevalence).toBeCloseTo(15 / (31 * HOUR - 5), 12);
  expect(figures.seizure_free_hours).toBeCloseTo(31 - 20 / HOUR, 9);
  expect(figures.missed_seizures).toEqual([
    {
      ...{ recording: 'p1/a', patient: 'p1', start_s: 5000, end_s: 5010, type: 'fnsz', excerpt: null },
      highest_probability: Math.fround(0.2),
    },
  ]);
  expect(figures.false_alarms).toMatchObject([
    {
      recording: 'p1/a',
      start_s: 10_000,
      end_s: 10_200,
      is_long: true,
      highest_probability: Math.fround(0.8),
    },
  ]);
  expect(figures.longer_than_max_duration).toHaveLength(1);
  expect(figures.sensitivity_by_type).toMatchObject([
    { group: 'fnsz', seizures: 2, detected: 1, value: 0.5 },
    { group: 'gnsz', seizures: 1, detected: 1, value: 1 },
  ]);
  expect(
    figures.sensitivity_by_duration.map(({ group, detected, seizures }) => [group, detected, seizures]),
  ).toEqual([
    ['< 10 s', 0, 0],
    ['10-30 s', 0, 1],
    ['30-60 s', 1, 1],
    ['> 60 s', 1, 1],
  ]);
  expect(figures.sensitivity_by_duration[0]).toMatchObject({ value: null, interval: null });
  expect(figures.detection_delay).toMatchObject({ detected: 2, median_s: 5, before_onset: 0 });
  expect(figures.per_patient).toMatchObject([
    { patient: 'p1', recordings: 1, seizures: 2, detected: 1, false_alarms: 1, sensitivity: 0.5 },
    { patient: 'p2', recordings: 2, seizures: 1, detected: 1, false_alarms: 0, false_alarms_per_24h: 0 },
  ]);
  expect(figures.figures.event_sensitivity_any_overlap).toMatchObject({ value: 2 / 3 });
  expect(figures.figures.false_alarms_per_24h_recorded!.value).toBeCloseTo(24 / 31, 9);
  // 30, 200 s; 50 s in what is excluded; 100 s.
  expect(figures.figures.share_of_recorded_time_detected!.value).toBeCloseTo(380 / (31 * 3600), 12);
  // One false alarm in 31 h at tau_on up to 0.8: at most 1 in 24 h, and at 0.70 both seizures that pass it are found;
  // at 0.20 also the third. Of equals the highest: 0.30 would miss it.
  expect(figures.sensitivity_at_fa[1]).toMatchObject({
    ...{ fa_per_24h: 1, value: 1, threshold: 0.2, corpus: 'a corpus' },
    prevalence: figures.prevalence,
  });
  expect(figures.figures.sensitivity_at_1fa).toMatchObject({ value: 1 });
  // p >= 0.70 in float32: 0.7 is a little less. Of 0.40 ... 0.65 the highest.
  expect(figures.sensitivity_at_fa_plain[1]).toMatchObject({ value: 2 / 3, threshold: 0.65 });
  expect(figures.operating_curve).toHaveLength(95);
  expect(figures.operating_curve.at(-1)).toMatchObject({
    tau_on: 0.99,
    tau_off: 0.91,
    detected: 0,
    false_alarms: 0,
  });
  // Event scoring of SzCORE: the false alarm is one piece.
  expect(figures.szcore.event).toMatchObject({ refTrue: 3, tp: 2, fp: 2 });
  expect(figures.nedc.overlap.per_label.seiz).toMatchObject({ tgt: 3, hit: 2, mis: 1 });
});

test('few events or patients: exact intervals; 20 events of 10 patients: patients drawn anew', () => {
  // SciPy: beta.ppf of 2 of 3; Garwood's of 1 event, per 31 h.
  const few = evaluate(SOME).figures;
  expect(few.event_sensitivity_any_overlap!.interval).toMatchObject({
    method: 'exact binomial (Clopper-Pearson)',
    low: expect.closeTo(0.09429932405024612, 9),
    high: expect.closeTo(0.9915962413403873, 9),
  });
  expect(few.false_alarms_per_24h_recorded!.interval).toMatchObject({
    method: 'exact Poisson (Garwood)',
    low: expect.closeTo((0.025317807984289876 * 24) / 31, 9),
    high: expect.closeTo((5.571643390938898 * 24) / 31, 9),
  });
  expect(few.auroc_over_samples!.interval).toBeNull();

  const many = Array.from({ length: 12 }, (_, index) =>
    recordingOf(`${index + 10}/a`, 3, [
      [1, 0.9, 3, 100],
      [1, index % 2 === 0 ? 0.9 : 0.55, 3, 200],
      [0, 0.65, 2, 300],
      [0, 0.65, 2, 400],
    ]),
  );
  const { figures, bootstrap, sensitivity_at_fa } = evaluate(many);
  expect(bootstrap).toEqual({ resamples: 2000, seed: 0, patients: 12 });
  const { value, interval } = figures.event_sensitivity_any_overlap!;
  expect([value, interval!.method]).toEqual([0.75, 'bootstrap over patients']);
  // Each patient has 1 or 0.5 with even odds: a binomial of 12, whose 2.5 % and 97.5 % quantiles are 3 and 9.
  expect([interval!.low, interval!.high]).toEqual([0.5 + 3 / 24, 0.5 + 9 / 24]);
  // The same in every patient: 16 in 24 h, whoever is drawn.
  expect(figures.false_alarms_per_24h_recorded).toMatchObject({ value: 16, interval: { low: 16, high: 16 } });
  expect(sensitivity_at_fa[0]).toMatchObject({ value: 0.75, interval: { low: 0.625, high: 0.875 } });
  expect(figures.auroc_over_samples!.interval!.method).toBe('bootstrap over patients');
  // All or none detected: every draw would say the same.
  const all = evaluate(
    many.map((each) => ({
      ...each,
      detections: each.references.map((span) => ({ ...span, confidence: 1, isLong: false })),
    })),
  );
  expect(all.figures.event_sensitivity_any_overlap!.interval!.method).toMatch(/exact binomial/);
});

test('G10, G11: under 24 h of seizure-free recording there is no rate; without seizures no sensitivity', () => {
  const short = evaluate([recordingOf('p1/a', 23, [[1, 0.9, 3, 100]])]);
  for (const figure of [...short.sensitivity_at_fa, short.figures.false_alarms_per_24h_recorded])
    expect(figure).toMatchObject({
      value: null,
      reason: 'less than 24 h of seizure-free EEG',
      interval: null,
    });
  const quiet = evaluate([recordingOf('p1/a', 30, [])]);
  expect(quiet.figures.event_sensitivity_any_overlap).toEqual({
    ...{ value: null, reason: 'no reference event', interval: null },
  });
  expect(quiet.sensitivity_at_fa[0]).toMatchObject({ value: null, reason: 'no reference event' });
  expect(quiet.figures.false_alarms_per_24h_recorded).toMatchObject({ value: 0, interval: { low: 0 } });
  expect(quiet).toMatchObject({ seizures: 0, prevalence: 0, detection_delay: { median_s: null } });
  const unlabelled = evaluate([recordingOf('p1/a', 1, [[2, 0.9, HOUR, 0]])]);
  expect(unlabelled).toMatchObject({ prevalence: null, seizure_free_hours: 0, calibration: { samples: 0 } });
});

test('G7, G8: property: the order of recordings changes nothing', () => {
  const anyPart = fc.tuple(
    fc.constantFrom(0, 1, 2),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 0, max: 300 }),
  );
  const anyRecordings = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('p1/a', 'p1/b', 'p2/a', 'p3/c'),
      parts: fc.array(anyPart, { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 4, selector: ({ name }) => name },
  );
  fc.assert(
    fc.property(anyRecordings, (all) => {
      const recordings = all.map(({ name, parts }) => recordingOf(name, 1, parts));
      expect(evaluate(recordings.toReversed())).toEqual(evaluate(recordings));
    }),
    { numRuns: 15 },
  );
});
