/**
 * What a detector has to beat: single numbers of a window, and a logistic regression on relative band powers.
 *
 * ```ts
 * const features = windows.map((window) => relativeBandPowers(window, 18, 256)); // window (T, C), time-major
 * const model = fitLogisticRegression(features, labels);
 * const scores = testFeatures.map((row) => logOdds(model, row));                  // AUROC ranks by these
 * ```
 */
export {
  BANDS,
  type Band,
  lineLength,
  relativeBandPowers,
  rootMeanSquare,
  secondsIntoSegment,
} from './features.ts';
export { Fourier } from './fourier.ts';
export {
  fitLogisticRegression,
  type LogisticRegression,
  logOdds,
  probability,
} from './logistic-regression.ts';
export { Welch } from './welch.ts';
