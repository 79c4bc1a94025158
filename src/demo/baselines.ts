import {
  fitLogisticRegression,
  lineLength,
  logOdds,
  relativeBandPowers,
  rootMeanSquare,
  secondsIntoSegment,
} from '../score/index.ts';
import { type TestWindows, windowSignal } from './test-windows.ts';

/** Scores of the test windows by something far simpler than a model; they see the same windows and gains. */
export type BaselineScores = Readonly<Record<BaselineName, Float64Array>>;

export const BASELINES = [
  'time since the segment began',
  'window RMS',
  'line length',
  'logistic regression on relative band powers',
] as const;

export type BaselineName = (typeof BASELINES)[number];

/** Logarithms of the relative band powers, mean over channels: (5). They do not change with a window's gain. */
function bandFeatures(windows: TestWindows, index: number, sampleRate: number): Float64Array {
  const { channels } = windows.corpus;
  const shares = relativeBandPowers(windowSignal(windows, index, 1), channels, sampleRate);
  const bands = shares.length / channels;
  return Float64Array.from({ length: bands }, (_, band) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += Math.log(shares[channel * bands + band]! + 1e-9);
    return sum / channels;
  });
}

/** Fits what has to be fitted on the training windows; the result scores the test windows for any gains. */
export function fitBaselines(train: TestWindows, test: TestWindows, sampleRate: number) {
  const features = (windows: TestWindows) =>
    Array.from(windows.labels, (_, index) => bandFeatures(windows, index, sampleRate));
  const model = fitLogisticRegression(features(train), train.labels);
  const regression = Float64Array.from(features(test), (row) => logOdds(model, row));
  const { channels } = test.corpus;
  const rms = Float64Array.from(test.labels, (_, index) =>
    rootMeanSquare(windowSignal(test, index, 1), channels),
  );
  const length = Float64Array.from(test.labels, (_, index) =>
    lineLength(windowSignal(test, index, 1), channels),
  );
  const time = test.rowInSegment.map((row) => secondsIntoSegment(row, sampleRate));
  return (gains: Float32Array): BaselineScores => ({
    'time since the segment began': time,
    // Both grow in proportion to the gain.
    'window RMS': rms.map((value, index) => value * gains[index]!),
    'line length': length.map((value, index) => value * gains[index]!),
    'logistic regression on relative band powers': regression,
  });
}
