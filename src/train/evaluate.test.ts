import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { Evaluation } from './evaluate.ts';

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

/** 100 s; probability 0.9 in the given seconds, else 0.001. */
function metrics(labelled: Record<number, number>, detected: readonly number[]) {
  const rows = 100 * RATE;
  const labels = new Uint8Array(rows);
  const probabilities = new Float64Array(rows).fill(1e-3);
  for (const [second, label] of Object.entries(labelled))
    labels.fill(label, Number(second) * RATE, (Number(second) + 1) * RATE);
  for (const second of detected) probabilities.fill(0.9, second * RATE, (second + 1) * RATE);
  const segments = [{ firstRow: 0, rows, startSample: 0 }];
  const evaluation = new Evaluation(settings);
  evaluation.add(
    { name: 'a', labels, segments, sampleRate: RATE },
    { probabilities, segments, sampleRate: RATE },
  );
  return evaluation.metrics();
}

test('what is excluded (2, such as nesz) counts in no metric; background that is not trained on (0 here) does', () => {
  const right = { sensitivity: 1, specificity: 1, auroc: 1, sensitivity_at_1fa: 1 };
  expect(metrics({ 10: 1 }, [10])).toMatchObject(right);
  expect(metrics({ 10: 1, 50: 2 }, [10, 50])).toMatchObject(right);
  const wrong = metrics({ 10: 1, 50: 0 }, [10, 50]);
  // One second of 99 of background; one false alarm in 100 s is more than one in 24 h at any threshold.
  expect(wrong.specificity).toBeCloseTo(98 / 99, 12);
  expect(wrong.auroc).toBeCloseTo(1 - 0.5 / 99, 12);
  expect(wrong.sensitivity_at_1fa).not.toBe(1);
});

test('the loss is over what is not excluded', () => {
  // 99 s at -ln 0.999 and, where it is scored, one at -ln 0.1.
  const all = (99 * -Math.log(0.999) + -Math.log(0.1)) / 100;
  expect(metrics({}, [50]).loss).toBeCloseTo(all, 12);
  expect(metrics({ 50: 2 }, [50]).loss).toBeCloseTo(-Math.log(0.999), 12);
});
