/** Names of the figures that have a mean and a deviation over subjects. */
export const FIGURES = ['sensitivity', 'precision', 'f1', 'fpRate'] as const;
export type Figure = (typeof FIGURES)[number];

/** What scoring one recording counts; sums over recordings score them together. Field names are timescoring's. */
export interface SzcoreCounts {
  /** Samples of the recording at `fs`. */
  readonly numSamples: number;
  /** Hz: the rate of sample scoring, or 10 of event scoring. */
  readonly fs: number;
  /** Samples, or events after merging and splitting, of the reference. */
  readonly refTrue: number;
  readonly tp: number;
  readonly fp: number;
}

/** Counts and figures; a figure that is undefined is null. */
export interface SzcoreScores extends SzcoreCounts {
  /** `tp / refTrue`; null without reference. */
  readonly sensitivity: number | null;
  /** `tp / (tp + fp)`; null without hypothesis. */
  readonly precision: number | null;
  /** timescoring 0.0.7: `2 tp / (2 tp + fp + fn)`; null only where there is neither reference nor hypothesis. */
  readonly f1: number | null;
  /** Until timescoring 0.0.6: the harmonic mean of sensitivity and precision; null where either is. */
  readonly f1_before_v0_0_7: number | null;
  /** False positives per 24 h recorded; null where nothing was. */
  readonly fpRate: number | null;
}

/** The figures of counts, of one recording or of a sum. */
export function scoresOf(counts: SzcoreCounts): SzcoreScores {
  const { tp, fp, refTrue, numSamples, fs } = counts;
  const sensitivity = refTrue > 0 ? tp / refTrue : null;
  const precision = tp + fp > 0 ? tp / (tp + fp) : null;
  return {
    ...counts,
    sensitivity,
    precision,
    f1: refTrue + fp > 0 ? (2 * tp) / (tp + fp + refTrue) : null,
    f1_before_v0_0_7: harmonicMean(sensitivity, precision),
    fpRate: numSamples > 0 ? fp / (numSamples / fs / 3600 / 24) : null,
  };
}

function harmonicMean(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}

/** The counts of no recording, to add to. */
export function noCounts(fs: number): SzcoreCounts {
  return { numSamples: 0, fs, refTrue: 0, tp: 0, fp: 0 };
}

/** The counts of two sets of recordings together. */
export function addCounts(one: SzcoreCounts, other: SzcoreCounts): SzcoreCounts {
  return {
    numSamples: one.numSamples + other.numSamples,
    fs: one.fs,
    refTrue: one.refTrue + other.refTrue,
    tp: one.tp + other.tp,
    fp: one.fp + other.fp,
  };
}
