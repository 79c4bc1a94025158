import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uniform } from '../../random/index.ts';
import { auroc, averagePrecision } from '../ranking.ts';
import { sampleCounts, sensitivityOverSamples, specificityOverSamples } from '../sample-counts.ts';
import { PatientRanking } from './patient-ranking.ts';

/** Of a logit that is the middle of a bin. */
const probability = (step: number) => 1 / (1 + Math.exp(-(step + 0.5) / 16));

test('property: of patients drawn once or twice, as the figures over their samples written once or twice', () => {
  const samples = fc.array(fc.tuple(fc.integer({ min: -120, max: 120 }), fc.constantFrom(0, 0, 1, 2)), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(samples, fc.integer({ min: 0, max: 2 })), { maxLength: 4 }), (patients) => {
      const ranking = new PatientRanking();
      const all: [number, number][] = [];
      for (const [patient, [own, times]] of patients.entries()) {
        const [scores, labels] = [own.map(([step]) => probability(step)), own.map(([, label]) => label)];
        ranking.add(patient, scores, labels, sampleCounts(scores, labels, 0.5));
        for (let time = 0; time < times; time++) all.push(...own);
      }
      const [scores, labels] = [all.map(([step]) => probability(step)), all.map(([, label]) => label)];
      const counts = sampleCounts(scores, labels, 0.5);
      const hasBoth = labels.includes(0) && labels.includes(1);
      const expected = [
        hasBoth ? auroc(scores, labels).value : null,
        hasBoth ? averagePrecision(scores, labels).value : null,
        sensitivityOverSamples(counts).value,
        specificityOverSamples(counts).value,
      ];
      const found = ranking.statistic()(Float64Array.from(patients, ([, times]) => times));
      for (const [index, value] of found.entries())
        value === null ? expect(expected[index]).toBeNull() : expect(value).toBeCloseTo(expected[index]!, 12);
    }),
  );
});

test('0 and 1 are in the first and the last bin', () => {
  const ranking = new PatientRanking();
  const counts = { truePositives: 1, falsePositives: 0, trueNegatives: 1, falseNegatives: 0 };
  ranking.add(0, [0, 1], [0, 1], counts);
  expect(ranking.statistic()(Float64Array.of(1))).toEqual([1, 1, 1, 1]);
});

test('of many samples in a narrow range, as of a model that has hardly learnt, the figures are near the exact ones', () => {
  const ranking = new PatientRanking();
  const scores = Float32Array.from({ length: 20_000 }, (_, index) => 0.48 + 0.02 * uniform(1, index));
  // The higher, the likelier a seizure.
  const labels = Array.from(scores, (score, index) => (uniform(2, index) < (score - 0.48) * 25 ? 1 : 0));
  ranking.add(0, scores, labels, sampleCounts(scores, labels, 0.5));
  const [area, precision] = ranking.statistic()(Float64Array.of(1));
  // Some 80 bins of 1/1,024 in the logit.
  expect(area).toBeCloseTo(auroc(scores, labels).value!, 3);
  expect(precision).toBeCloseTo(averagePrecision(scores, labels).value!, 2);
});
