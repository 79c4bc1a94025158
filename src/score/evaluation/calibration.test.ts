import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortScores } from '../ranking.ts';
import { calibrationOf, calibrationReport, logitShift, priorCorrection } from './calibration.ts';

test('Brier score, calibration error and bins, as NumPy computes them', () => {
  const scores = [0.05, 0.1, 0.15, 0.95, 0.9, 0.4, 0.35, 0.999, 1, 0];
  const figures = calibrationOf(sortScores(scores, [0, 0, 1, 1, 1, 0, 1, 1, 0, 0]));
  // NumPy: ((p - y)**2).mean(), and the sum over the occupied bins.
  expect(figures.brier).toBeCloseTo(0.2330001, 12);
  expect(figures.ece).toBeCloseTo(0.2699, 12);
  expect(figures.mean_probability).toBeCloseTo(0.4899, 12);
  expect(figures.bins.map(({ samples }) => samples)).toEqual([2, 2, 0, 1, 1, 0, 0, 0, 0, 4]);
  expect(figures.bins[1]).toMatchObject({ low: 0.1, high: 0.2, share_of_seizure: 0.5 });
  expect(figures.bins[2]).toMatchObject({ mean_probability: null, share_of_seizure: null });
});

test('what is excluded counts in nothing; nothing at all is null', () => {
  const whole = calibrationOf(sortScores([0.2, 0.7], [0, 1]));
  expect(calibrationOf(sortScores([0.2, 0.7, 0.4], [0, 1, 2]))).toEqual(whole);
  expect(calibrationOf(sortScores([], []))).toMatchObject({ brier: null, ece: null });
});

test("property: corrected, a posterior of one prior is Bayes's posterior of the other", () => {
  const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      share,
      share,
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.double({ min: -3, max: 4, noNaN: true }),
      (a, b, odds, x) => {
        // Two normal distributions one apart; a loss that weighs seizure `odds` times aims at odds times the odds.
        const [seizure, background] = [Math.exp(-((x - 1) ** 2) / 2), Math.exp(-(x ** 2) / 2)];
        const posterior = (prior: number, weight = 1) =>
          (weight * prior * seizure) / (weight * prior * seizure + (1 - prior) * background);
        const correction = priorCorrection({ batches: a, lossOdds: odds, recordings: b }, null)!;
        expect(logitShift(correction.logit_shift)(posterior(a, odds))).toBeCloseTo(posterior(b), 9);
      },
    ),
  );
});

test('the share that is corrected to: of the training recordings, else of those that are scored', () => {
  const prior = { batches: 0.5, lossOdds: 1, recordings: 0.1 };
  // ln(0.1 / 0.9) - ln(1), and ln(0.2 / 0.8).
  expect(priorCorrection(prior, 0.2)).toMatchObject({
    to_prevalence: 0.1,
    to: 'whole recordings of the training set',
    logit_shift: expect.closeTo(Math.log(1 / 9), 12),
  });
  expect(priorCorrection({ ...prior, recordings: null }, 0.2)!.logit_shift).toBeCloseTo(Math.log(1 / 4), 12);
  expect(priorCorrection({ ...prior, batches: 0 }, 0.2)).toBeNull();
  const scores = sortScores([0.2, 0.7], [0, 1]);
  expect(calibrationReport(scores, null, 0.5)).toMatchObject({
    corrected: null,
    reason: 'the checkpoint does not say how much seizure its batches held',
  });
  // 0.7 with odds 7/3 to a ninth: 7/27, so 7/34; 0.2 with odds 1/4 to 1/36, so 1/37.
  const { corrected } = calibrationReport(scores, prior, 0.5);
  expect(corrected!.brier).toBeCloseTo(((27 / 34) ** 2 + (1 / 37) ** 2) / 2, 12);
});
