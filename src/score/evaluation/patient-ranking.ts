import { EXCLUDED, SEIZURE } from '../labels.ts';
import type { SampleCounts } from '../sample-counts.ts';
import type { Statistic } from './patient-bootstrap.ts';

/** Bins of the logit, from -16 to 16; what lies beyond is in the first or last. */
const BINS = 32_768;
const REACH = 16;
/** Neighbouring bins are joined while they hold at most this share of either class. */
const JOINED_SHARE = 1 / 256;

/** Counts of one patient's samples by the logit of their probability. */
interface PatientSamples {
  readonly seizure: Uint32Array;
  readonly background: Uint32Array;
  truePositives: number;
  trueNegatives: number;
}

/**
 * What resampling needs of each patient's samples: their counts in bins, for keeping all samples of a corpus in every order
 * of patients is out of reach. Two samples of one bin count as ties; only the width of intervals is made so, not the figures
 * themselves.
 */
export class PatientRanking {
  readonly #patients: PatientSamples[] = [];

  /** @param patient counted from 0, in order of appearance @param counts at `tau_on` */
  add(patient: number, scores: ArrayLike<number>, labels: ArrayLike<number>, counts: SampleCounts): void {
    this.#patients[patient] ??= {
      seizure: new Uint32Array(BINS),
      background: new Uint32Array(BINS),
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
    const starts = this.#joinedBins();
    const patients = this.#patients.map((own) => ({
      ...own,
      seizure: joined(own.seizure, starts),
      background: joined(own.background, starts),
    }));
    const seizure = new Float64Array(starts.length);
    const background = new Float64Array(starts.length);
    return (draws) => {
      seizure.fill(0);
      background.fill(0);
      let [truePositives, trueNegatives] = [0, 0];
      for (const [patient, own] of patients.entries()) {
        const times = draws[patient]!;
        if (times === 0) continue;
        truePositives += times * own.truePositives;
        trueNegatives += times * own.trueNegatives;
        for (let bin = 0; bin < starts.length; bin++) {
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

  /** First bins of the joined ones: fine where samples are, some hundreds in all. */
  #joinedBins(): number[] {
    const totals = (['seizure', 'background'] as const).map((label) => {
      const total = new Float64Array(BINS);
      for (const own of this.#patients) for (let bin = 0; bin < BINS; bin++) total[bin]! += own[label][bin]!;
      return total;
    });
    const most = totals.map((total) => sumOf(total) * JOINED_SHARE);
    const starts = [0];
    let held = [0, 0];
    for (let bin = 0; bin < BINS; bin++) {
      const added = totals.map((total) => total[bin]!);
      const isSomething = sumOf(held) > 0 && sumOf(added) > 0;
      if (isSomething && held.some((count, label) => count + added[label]! > most[label]!)) {
        starts.push(bin);
        held = [0, 0];
      }
      held = held.map((count, label) => count + added[label]!);
    }
    return starts;
  }
}

function joined(counts: Uint32Array, starts: readonly number[]): Float64Array {
  return Float64Array.from(starts, (start, index) => {
    const end = starts[index + 1] ?? counts.length;
    let sum = 0;
    for (let bin = start; bin < end; bin++) sum += counts[bin]!;
    return sum;
  });
}

/** AUROC (ties count half) and average precision, as `ranking.ts` has them. */
function rankedByBins(seizure: Float64Array, background: Float64Array): [number, number] {
  let [hits, falseAlarms, pairs, precision] = [0, 0, 0, 0];
  for (let bin = seizure.length - 1; bin >= 0; bin--) {
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

function sumOf(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
