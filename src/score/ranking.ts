import { checkLengths, isSeizureAt } from './labels.ts';
import { type Measured, measured, notMeasured } from './measured.ts';
import { sortFloats } from './sort-scores.ts';

/** Scores by class, each sorted from low to high. */
export interface SortedScores {
  readonly seizure: Float32Array | Float64Array;
  readonly background: Float32Array | Float64Array;
  /** How often each occurs, where that is not once. */
  readonly counts?: { readonly seizure: Float64Array; readonly background: Float64Array };
}

/** Splits scores `(N)` by label `(N)` (0, 1; 2 is left out) and sorts them. @throws BgbError `SCORE_*` */
export function sortScores(scores: ArrayLike<number>, labels: ArrayLike<number>): SortedScores {
  checkLengths(scores, labels);
  let [seizures, backgrounds] = [0, 0];
  for (let index = 0; index < scores.length; index++) {
    const isSeizure = isSeizureAt(scores, labels, index);
    if (isSeizure === true) seizures++;
    else if (isSeizure === false) backgrounds++;
  }
  // A day at 256 Hz has 22 million scores: none is copied more often than it must.
  const Scores = scores instanceof Float32Array ? Float32Array : Float64Array;
  const [seizure, background] = [new Scores(seizures), new Scores(backgrounds)];
  [seizures, backgrounds] = [0, 0];
  for (let index = 0; index < scores.length; index++) {
    const isSeizure = isSeizureAt(scores, labels, index);
    if (isSeizure === true) seizure[seizures++] = scores[index]!;
    else if (isSeizure === false) background[backgrounds++] = scores[index]!;
  }
  return { seizure: sorted(seizure), background: sorted(background) };
}

function sorted(scores: Float32Array | Float64Array): Float32Array | Float64Array {
  return scores instanceof Float32Array ? sortFloats(scores) : scores.sort();
}

/**
 * Area under the ROC curve: the share of pairs (seizure, background) in which the seizure scores higher, ties
 * counting half (Hanley and McNeil 1982; the trapezoid rule of scikit-learn's `roc_auc_score` gives the same).
 * Undefined unless both classes occur.
 */
export function aurocOf({ seizure, background, counts }: SortedScores): Measured {
  if (seizure.length === 0) return notMeasured('no seizure among the labels');
  if (background.length === 0) return notMeasured('no background among the labels');
  const times = (scores: Float64Array | undefined, index: number) =>
    scores === undefined ? 1 : scores[index]!;
  // Background scores lower, and not higher, than the seizure's, and where each ends.
  let [below, notAbove] = [0, 0];
  let [belowEnd, notAboveEnd] = [0, 0];
  let [pairs, seizures] = [0, 0];
  for (let index = 0; index < seizure.length; index++) {
    const score = seizure[index]!;
    while (belowEnd < background.length && background[belowEnd]! < score)
      below += times(counts?.background, belowEnd++);
    if (notAboveEnd < belowEnd) [notAbove, notAboveEnd] = [below, belowEnd];
    while (notAboveEnd < background.length && background[notAboveEnd]! === score)
      notAbove += times(counts?.background, notAboveEnd++);
    const own = times(counts?.seizure, index);
    pairs += own * ((below + notAbove) / 2);
    seizures += own;
  }
  while (notAboveEnd < background.length) notAbove += times(counts?.background, notAboveEnd++);
  return measured(pairs / (seizures * notAbove));
}

/**
 * Average precision: the sum over distinct thresholds, from high to low, of the gain in recall times the
 * precision (scikit-learn's `average_precision_score`; no interpolation). Undefined without a seizure.
 */
export function averagePrecisionOf({ seizure, background, counts }: SortedScores): Measured {
  if (seizure.length === 0) return notMeasured('no seizure among the labels');
  const times = (scores: Float64Array | undefined, index: number) =>
    scores === undefined ? 1 : scores[index]!;
  let [sum, hits, falseAlarms] = [0, 0, 0];
  let [next, nextBackground] = [seizure.length - 1, background.length - 1];
  while (next >= 0) {
    const threshold = seizure[next]!;
    const hitsBefore = hits;
    while (next >= 0 && seizure[next]! === threshold) hits += times(counts?.seizure, next--);
    while (nextBackground >= 0 && background[nextBackground]! >= threshold)
      falseAlarms += times(counts?.background, nextBackground--);
    sum += ((hits - hitsBefore) * hits) / (hits + falseAlarms);
  }
  return measured(sum / hits);
}

/** {@link aurocOf} of scores `(N)` and labels `(N)`. @throws BgbError `SCORE_*` */
export function auroc(scores: ArrayLike<number>, labels: ArrayLike<number>): Measured {
  return aurocOf(sortScores(scores, labels));
}

/** {@link averagePrecisionOf} of scores `(N)` and labels `(N)`. @throws BgbError `SCORE_*` */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): Measured {
  return averagePrecisionOf(sortScores(scores, labels));
}
