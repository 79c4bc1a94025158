import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { labelledEvents, recordedSpans } from '../post/index.ts';
import { uniform } from '../random/index.ts';
import { EXCLUDED, type MeasuredRecording, openParts, SEIZURE } from '../score/index.ts';
import { devMetrics, devSettings } from './dev-metrics.ts';
import { MEASUREMENTS, type MeasurementKind } from './measurements.ts';
import { FEWEST_HOURS_FOR_THREADS, openMeasuring } from './measuring.ts';

/** A sample in 0.4 s, so that hours are short. */
const RATE = 2.5;
const ROWS = 10_000;
const config = configSchema.parse({
  postprocessing: {
    hysteresis: { tau_on: 0.5, tau_off: 0.4, min_onset_samples: 1, min_offset_samples: 1 },
    morphology: { opening_kernel: 1, closing_kernel: 1 },
    duration: { min_duration_s: 0 },
    events: { tau_merge: 0 },
  },
  evaluation: { fa_rates: [1] },
});
const SETTINGS = {
  dev: devSettings(config),
  evaluation: {
    ...{ postprocessing: config.postprocessing, rates: [10, 1], corpus: 'made up', bootstrapSeed: 0 },
    prior: { batches: 0.2, lossOdds: 1, recordings: null },
  },
  tuning: config,
};

/** Of 12 patients; a seizure and something excluded in each, more than an hour long. */
const RECORDINGS = Array.from({ length: 30 }, (_, index): MeasuredRecording => {
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => {
    if (row > 2200 && row < 2300 + 3 * index) return SEIZURE;
    return row > 5000 && row < 5030 ? EXCLUDED : 0;
  });
  const probabilities = Float64Array.from(labels, (label, row) =>
    Math.min(1, (label === SEIZURE ? 0.5 : 0) + 0.5 * uniform(3, index, row >> 2)),
  );
  const segments = [{ firstRow: 0, rows: ROWS, startSample: 0 }];
  const events = (label: number) => labelledEvents(labels, label, segments, RATE);
  return {
    ...{ name: `${index}`, patient: `patient ${index % 12}`, labels },
    curve: { probabilities, segments, sampleRate: RATE },
    recorded: recordedSpans(segments, RATE),
    references: events(SEIZURE).map((span) => ({ ...span, type: index % 2 === 0 ? 'fnsz' : 'gnsz' })),
    excluded: events(EXCLUDED),
  };
});

test.each(['dev', 'evaluation', 'tuning'] as const)(
  '%s: threads measure the same to the last bit as one after the other, and say what they cannot measure',
  async (kind) => {
    await using measuring = openMeasuring<MeasurementKind>(kind, SETTINGS[kind], FEWEST_HOURS_FOR_THREADS);
    const parts = openParts<unknown, MeasuredRecording, unknown>(MEASUREMENTS[kind] as never, SETTINGS[kind]);
    // What is added may be written over afterwards.
    const [probabilities, labels] = [new Float64Array(ROWS), new Uint8Array(ROWS)];
    for (const recording of RECORDINGS) {
      parts.add(recording);
      probabilities.set(recording.curve.probabilities);
      labels.set(recording.labels);
      await measuring.add({ ...recording, labels, curve: { ...recording.curve, probabilities } });
    }
    expect(await measuring.results()).toStrictEqual(parts.result());

    const [recording] = RECORDINGS as [MeasuredRecording];
    probabilities.fill(Number.NaN);
    await measuring.add({ ...recording, curve: { ...recording.curve, probabilities } });
    await expect(measuring.results()).rejects.toThrow(/NaN/);
    await expect(measuring.add(recording)).rejects.toThrow(/NaN/);
  },
  20_000,
);

test('33 h with seizures leave no metric undefined', () => {
  const parts = openParts(MEASUREMENTS.dev, SETTINGS.dev);
  for (const recording of RECORDINGS) parts.add(recording);
  expect(Object.values(devMetrics(parts.result())).every((value) => value !== null)).toBe(true);
});
