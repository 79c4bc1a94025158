import { checkLengths, isSeizureAt } from './labels.ts';
import { type Measured, ratio } from './measured.ts';

/** Agreement sample by sample at one threshold; add recordings up with `sumCounts`. */
export interface SampleCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/**
 * Counts one recording: scores `(N)`, labels `(N)` (0, 1; 2 is left out). A sample is detected when its score is
 * at or above the threshold.
 *
 * @throws BgbError `SCORE_*`
 */
export function sampleCounts(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  threshold: number,
): SampleCounts {
  checkLengths(scores, labels);
  let seizure = 0;
  let truePositives = 0;
  let background = 0;
  let falsePositives = 0;
  for (let index = 0; index < scores.length; index++) {
    const isSeizure = isSeizureAt(scores, labels, index);
    if (isSeizure === null) continue;
    const detected = scores[index]! >= threshold ? 1 : 0;
    if (isSeizure) {
      seizure++;
      truePositives += detected;
    } else {
      background++;
      falsePositives += detected;
    }
  }
  return {
    truePositives,
    falsePositives,
    trueNegatives: background - falsePositives,
    falseNegatives: seizure - truePositives,
  };
}

export function sensitivityOverSamples({ truePositives, falseNegatives }: SampleCounts): Measured {
  return ratio(truePositives, truePositives + falseNegatives, 'no seizure among the labels');
}

export function specificityOverSamples({ trueNegatives, falsePositives }: SampleCounts): Measured {
  return ratio(trueNegatives, trueNegatives + falsePositives, 'no background among the labels');
}
