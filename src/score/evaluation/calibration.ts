import type { SortedScores } from '../ranking.ts';
import type { CalibrationFigures, CalibrationReport, PriorCorrection, ReliabilityBin } from './document.ts';

/** Reliability bins of equal width. */
const BINS = 10;

/**
 * How far probabilities can be taken at their word: over all samples, each counting once.
 *
 * - Brier score (1950): mean of (p - y)^2, y being 1 for seizure;
 * - expected calibration error (Naeini et al. 2015): sum over bins of (share of the samples) |mean p - share of seizure|.
 *
 * @param scores probabilities by class; nothing excluded is in them
 * @param corrected what a probability becomes before it is judged
 */
export function calibrationOf(
  { seizure, background, counts }: SortedScores,
  corrected: (probability: number) => number = (probability) => probability,
): CalibrationFigures {
  const samples = new Float64Array(BINS);
  const seizures = new Float64Array(BINS);
  const sums = new Float64Array(BINS);
  let squares = 0;
  for (const [label, scores, often] of [
    [1, seizure, counts?.seizure],
    [0, background, counts?.background],
  ] as const) {
    for (let index = 0; index < scores.length; index++) {
      const probability = corrected(scores[index]!);
      const times = often === undefined ? 1 : often[index]!;
      const bin = Math.min(BINS - 1, Math.floor(probability * BINS));
      samples[bin]! += times;
      seizures[bin]! += times * label;
      sums[bin]! += times * probability;
      squares += times * (probability - label) ** 2;
    }
  }
  const all = samples.reduce((sum, count) => sum + count, 0);
  const bins = Array.from(
    samples,
    (count, bin): ReliabilityBin => ({
      low: bin / BINS,
      high: (bin + 1) / BINS,
      samples: count,
      mean_probability: count > 0 ? sums[bin]! / count : null,
      share_of_seizure: count > 0 ? seizures[bin]! / count : null,
    }),
  );
  const error = bins.reduce(
    (sum, { samples: count, mean_probability, share_of_seizure }) =>
      count > 0 ? sum + count * Math.abs(mean_probability! - share_of_seizure!) : sum,
    0,
  );
  return {
    brier: all > 0 ? squares / all : null,
    ece: all > 0 ? error / all : null,
    mean_probability: all > 0 ? sums.reduce((sum, part) => sum + part, 0) / all : null,
    bins,
  };
}

/** What a checkpoint says of how much seizure its training saw. */
export interface TrainingPrior {
  /** Share of seizure samples in the batches. */
  readonly batches: number;
  /** By how much the loss weighs a seizure sample more than a background one. */
  readonly lossOdds: number;
  /** Share of seizure in the whole recordings of the training set; null where that is not known. */
  readonly recordings: number | null;
}

/**
 * The correction of probabilities for another share of seizure than was trained on (Saerens, Latinne and Decaestecker
 * 2002, equation 4, for two classes): odds times odds(to) / odds(from), a shift of the logit. A weighted loss is a
 * changed share, too: it multiplies the odds that training aims at (Elkan 2001, theorem 1). What focal loss does beside
 * its weight is not a change of share and stays.
 *
 * @param ownPrevalence of the recordings that are scored, for a checkpoint that does not know its corpus's
 * @returns null where a share is 0 or 1, so that its odds say nothing
 */
export function priorCorrection(prior: TrainingPrior, ownPrevalence: number | null): PriorCorrection | null {
  const to = prior.recordings ?? ownPrevalence;
  if (to === null || !isShare(to) || !isShare(prior.batches)) return null;
  return {
    from_prevalence: prior.batches,
    loss_odds: prior.lossOdds,
    to_prevalence: to,
    to: prior.recordings === null ? 'the recordings that are scored' : 'whole recordings of the training set',
    logit_shift: logit(to) - logit(prior.batches) - Math.log(prior.lossOdds),
  };
}

/** Calibration as the model's probabilities are, and corrected for the share of seizure it was trained on. */
export function calibrationReport(
  scores: SortedScores,
  prior: TrainingPrior | null,
  ownPrevalence: number | null,
): CalibrationReport {
  const correction = prior && priorCorrection(prior, ownPrevalence);
  const reason =
    prior === null
      ? 'the checkpoint does not say how much seizure its batches held'
      : 'a share of seizure of 0 or 1 has no odds';
  const raw = calibrationOf(scores);
  return {
    pooling: 'samples of all recordings',
    samples: raw.bins.reduce((sum, { samples }) => sum + samples, 0),
    raw,
    corrected: correction && calibrationOf(scores, logitShift(correction.logit_shift)),
    correction,
    reason: correction === null ? reason : null,
  };
}

/** Shifts the logit of a probability; 0 and 1 stay. */
export function logitShift(by: number): (probability: number) => number {
  const factor = Math.exp(by);
  return (probability) => (probability * factor) / (probability * factor + 1 - probability);
}

function isShare(value: number): boolean {
  return value > 0 && value < 1;
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}
