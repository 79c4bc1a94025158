import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { countedWeight, describeLoss, lossFrom, lossOdds, prevalenceOf } from './loss-settings.ts';

const training = (fields: object) => configSchema.parse({ training: fields }).training;

test('auto is the root of background by seizure; what is excluded is neither', () => {
  const counts = { recorded_s: 3700, seizure_seconds: 36, excluded_labels: { artf: 60, impd: 4 } };
  expect(countedWeight(counts)).toBeCloseTo(10, 12); // sqrt(3600 / 36)
  expect(lossFrom(training({ loss: 'bce', pos_weight: 'auto' }), counts)).toEqual({
    kind: 'bce',
    positiveWeight: expect.closeTo(10, 12),
  });
  expect(countedWeight({ recorded_s: 100, seizure_seconds: 0 })).toBe(1);
  expect(countedWeight({ recorded_s: 100, seizure_seconds: 100 })).toBe(1);
});

test('a number is taken as it is, and null is no weight', () => {
  const counts = { recorded_s: 3600, seizure_seconds: 36 };
  expect(lossFrom(training({ pos_weight: 3 }), counts)).toEqual({
    kind: 'focal',
    alpha: 0.5,
    gamma: 2,
    positiveWeight: 3,
  });
  expect(lossFrom(training({ focal_alpha: 0.75, focal_gamma: 0 }), counts)).toMatchObject({
    alpha: 0.75,
    gamma: 0,
    positiveWeight: 1,
  });
});

test('the log says which loss, and what auto came to', () => {
  const settings = training({ pos_weight: 'auto' });
  const loss = lossFrom(settings, { recorded_s: 3636, seizure_seconds: 36 });
  expect(describeLoss(loss, settings)).toBe(
    'loss: focal, alpha 0.5, gamma 2, seizure weighs 10.00 times (auto, from the manifest)',
  );
  const plain = training({ loss: 'bce' });
  expect(describeLoss(lossFrom(plain, { recorded_s: 1, seizure_seconds: 0 }), plain)).toBe(
    'loss: binary cross-entropy',
  );
});

test('how much a loss favours seizure, and how much seizure whole recordings hold', () => {
  expect(lossOdds({ kind: 'bce', positiveWeight: 3 })).toBe(3);
  // Focal: alpha weighs seizure, 1 - alpha background (Lin et al. 2017): 0.8 / 0.2.
  expect(lossOdds({ kind: 'focal', alpha: 0.8, gamma: 2, positiveWeight: 1 })).toBeCloseTo(4, 12);
  // 30 of 100 s - 40 s that are excluded.
  expect(
    prevalenceOf({ recorded_s: 100, seizure_seconds: 30, excluded_labels: { nesz: 30, impd: 10 } }),
  ).toBe(0.5);
  expect(prevalenceOf({ recorded_s: 0, seizure_seconds: 0 })).toBeNull();
});
