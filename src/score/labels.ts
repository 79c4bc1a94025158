import { BgbError } from '../errors.ts';

/** Values of a label, as cache entries store them. */
export const BACKGROUND = 0;
export const SEIZURE = 1;
/** Neither scored nor trained on. */
export const EXCLUDED = 2;

/** @throws BgbError `SCORE_LENGTH`; labels always have exactly the length of what they label (failures A4) */
export function checkLengths(scores: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (scores.length === labels.length) return;
  throw new BgbError(
    'SCORE_LENGTH',
    `Expected as many labels as scores, found ${labels.length} labels and ${scores.length} scores.`,
  );
}

/** Whether sample `index` is seizure, or null where it is excluded. @throws BgbError `SCORE_LABEL`, `SCORE_NAN` */
export function isSeizureAt(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  index: number,
): boolean | null {
  const label = labels[index];
  if (label === EXCLUDED) return null;
  if (label !== BACKGROUND && label !== SEIZURE) {
    throw new BgbError(
      'SCORE_LABEL',
      `Expected label 0 (background), 1 (seizure) or 2 (excluded), found ${label} at index ${index}.`,
    );
  }
  if (Number.isNaN(scores[index])) {
    throw new BgbError('SCORE_NAN', `Expected a score, found NaN at index ${index}.`);
  }
  return label === SEIZURE;
}
