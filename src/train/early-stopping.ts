/** Whether a metric still improves, evaluation by evaluation. */
export interface Progress {
  readonly best: number | null;
  /** Evaluations since the best one. */
  readonly withoutImprovement: number;
}

export const NO_PROGRESS: Progress = { best: null, withoutImprovement: 0 };

/**
 * The progress after another evaluation. A metric that is undefined (null) is no improvement; the first one that is
 * defined always is. Before that nothing counts against the patience: a metric that dev cannot give must not end a
 * training.
 */
export function progressAfter(before: Progress, value: number | null, mode: 'max' | 'min'): Progress {
  if (value === null && before.best === null) return before;
  const isBetter =
    value !== null && (before.best === null || (mode === 'max' ? value > before.best : value < before.best));
  return isBetter
    ? { best: value, withoutImprovement: 0 }
    : { best: before.best, withoutImprovement: before.withoutImprovement + 1 };
}
