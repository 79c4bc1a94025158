import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { openParts } from '../score/index.ts';
import { DEV_MEASUREMENT, devMetrics, devSettings } from './dev-metrics.ts';

const RATE = 10;
const settings = configSchema.parse({
  postprocessing: {
    hysteresis: { tau_on: 0.5, tau_off: 0.4, min_onset_samples: 1, min_offset_samples: 1 },
    morphology: { opening_kernel: 1, closing_kernel: 1 },
    duration: { min_duration_s: 0 },
    events: { tau_merge: 0 },
  },
  evaluation: { fa_rates: [1] },
});

/** 100 times `unitS` seconds; probability 0.9 in the given ones, else 0.001. */
function metrics(labelled: Record<number, number>, detected: readonly number[], unitS = 1) {
  const rows = 100 * RATE;
  const sampleRate = RATE / unitS;
  const labels = new Uint8Array(rows);
  const probabilities = new Float64Array(rows).fill(1e-3);
  for (const [second, label] of Object.entries(labelled))
    labels.fill(label, Number(second) * RATE, (Number(second) + 1) * RATE);
  for (const second of detected) probabilities.fill(0.9, second * RATE, (second + 1) * RATE);
  const segments = [{ firstRow: 0, rows, startSample: 0 }];
  const parts = openParts(DEV_MEASUREMENT, devSettings(settings));
  parts.add({ name: 'a', labels, curve: { probabilities, segments, sampleRate } });
  return devMetrics(parts.result());
}

test('what is excluded (2, such as nesz) counts in no metric; background that is not trained on (0 here) does', () => {
  // 27.8 h in all.
  const right = { sensitivity: 1, specificity: 1, auroc: 1, sensitivity_at_1fa: 1 };
  expect(metrics({ 10: 1 }, [10], 1000)).toMatchObject(right);
  expect(metrics({ 10: 1, 50: 2 }, [10, 50], 1000)).toMatchObject(right);
  const wrong = metrics({ 10: 1, 50: 0, 70: 0 }, [10, 50, 70], 1000);
  // Two of 99 of background; two false alarms in 27.8 h are more than one in 24 h at any threshold that detects.
  expect(wrong.specificity).toBeCloseTo(97 / 99, 12);
  expect(wrong.auroc).toBeCloseTo(1 - 1 / 99, 12);
  expect(wrong.sensitivity_at_1fa).toBe(0);
});

test('the loss is over what is not excluded', () => {
  // 99 s at -ln 0.999 and, where it is scored, one at -ln 0.1.
  const all = (99 * -Math.log(0.999) + -Math.log(0.1)) / 100;
  expect(metrics({}, [50]).loss).toBeCloseTo(all, 12);
  expect(metrics({ 50: 2 }, [50]).loss).toBeCloseTo(-Math.log(0.999), 12);
});

test('a false-alarm rate under 24 h without seizures is undefined, and no perfect score', () => {
  // 99 of the 100 units are without seizure: 99 s; exactly 24 h; 10 s less.
  expect(metrics({ 10: 1 }, [10]).sensitivity_at_1fa).toBeNull();
  expect(metrics({ 10: 1 }, [10], 86_400 / 99).sensitivity_at_1fa).toBe(1);
  expect(metrics({ 10: 1 }, [10], 86_390 / 99).sensitivity_at_1fa).toBeNull();
});

test("f1 is SzCORE's over events, taes the F1 of NEDC's TAES over seizures, at the thresholds as configured", () => {
  // Two detections far from each other, units of 10 s: one in the middle of a seizure of 30 s, one wrong; a seizure missed.
  const { f1, taes } = metrics({ 10: 1, 11: 1, 12: 1, 90: 1 }, [11, 50], 10);
  // One true positive, one false positive, one miss: 2 / (2 + 1 + 1).
  expect(f1).toBe(0.5);
  // A third of one seizure is hit: tp 1/3, fn 2/3 + 1, fp 1.
  expect(taes).toBeCloseTo(2 / 3 / (2 / 3 + 5 / 3 + 1), 9);
  expect(metrics({}, [])).toMatchObject({ f1: null, taes: null });
});
