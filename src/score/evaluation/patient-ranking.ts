import { EXCLUDED, SEIZURE } from '../labels.ts';
import type { SampleCounts } from '../sample-counts.ts';
import type { Statistic } from './patient-bootstrap.ts';

/** Bins of the logit, from -16 to 16; what lies beyond is in the first or last. */
const BINS = 512;
const REACH = 16;

/** Counts of one patient's samples by the logit of their probability. */
interface PatientSamples {
  readonly seizure: Float64Array;
  readonly background: Float64Array;
  truePositives: number;
  trueNegatives: number;
}

/**
 * What resampling needs of each patient's samples: their counts in bins, for keeping all samples of a corpus in every order
 * of patients is out of reach. Two samples of one bin, 1/16 apart in the logit at most, count as ties; only intervals are
 * made so, not the figures themselves.
 */
export class PatientRanking {
  readonly #patients: PatientSamples[] = [];

  /** @param patient counted from 0, in order of appearance @param counts at `tau_on` */
  add(patient: number, scores: ArrayLike<number>, labels: ArrayLike<number>, counts: SampleCounts): void {
    this.#patients[patient] ??= {
      seizure: new Float64Array(BINS),
      background: new Float64Array(BINS),
      truePositives: 0,
      trueNegatives: 0,
    };
    const own = this.#patients[patient];
    for (let index = 0; index < scores.length; index++) {
      const label = labels[index];
      if (label !== EXCLUDED) own[label === SEIZURE ? 'seizure' : 'background'][binOf(scores[index]!)]!++;
    }
    own.truePositives += counts.truePositives;
    own.trueNegatives += counts.trueNegatives;
  }

  /** AUROC, average precision, and sensitivity and specificity over samples, of the patients drawn. */
  statistic(): Statistic {
    const seizure = new Float64Array(BINS);
    const background = new Float64Array(BINS);
    return (draws) => {
      seizure.fill(0);
      background.fill(0);
      let [truePositives, trueNegatives] = [0, 0];
      for (const [patient, own] of this.#patients.entries()) {
        const times = draws[patient]!;
        if (times === 0) continue;
        truePositives += times * own.truePositives;
        trueNegatives += times * own.trueNegatives;
        for (let bin = 0; bin < BINS; bin++) {
          seizure[bin]! += times * own.seizure[bin]!;
          background[bin]! += times * own.background[bin]!;
        }
      }
      const [positives, negatives] = [sumOf(seizure), sumOf(background)];
      const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
      const ranked = positives > 0 && negatives > 0 ? rankedByBins(seizure, background) : [null, null];
      return [...ranked, share(truePositives, positives), share(trueNegatives, negatives)];
    };
  }
}

/** AUROC (ties count half) and average precision, as `ranking.ts` has them. */
function rankedByBins(seizure: Float64Array, background: Float64Array): [number, number] {
  let [hits, falseAlarms, pairs, precision] = [0, 0, 0, 0];
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const [found, wrong] = [seizure[bin]!, background[bin]!];
    if (found === 0 && wrong === 0) continue;
    pairs += wrong * (hits + found / 2);
    hits += found;
    falseAlarms += wrong;
    precision += found * (hits / (hits + falseAlarms));
  }
  return [pairs / (hits * falseAlarms), precision / hits];
}

function binOf(probability: number): number {
  const logit = Math.log(probability / (1 - probability));
  const bin = Math.floor(((logit + REACH) / (2 * REACH)) * BINS);
  return Math.max(0, Math.min(BINS - 1, bin));
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
