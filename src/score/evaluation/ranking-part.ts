import { sampleCounts } from '../sample-counts.ts';
import type { EvaluationSettings, MeasuredRecording } from './evaluated-recording.ts';
import type { Bounds } from './exact-intervals.ts';
import type { MeasuringPart } from './measuring-part.ts';
import { PatientIndex } from './patient-index.ts';
import { PatientRanking } from './patient-ranking.ts';

/**
 * AUROC, average precision, and sensitivity and specificity over samples, in this order, as far as the patients' samples in
 * bins tell them.
 */
export interface RankingResult {
  /** Of patients drawn anew. */
  readonly resampled: readonly (Bounds | null)[];
  /** Of all patients, each once. */
  readonly whole: readonly (number | null)[];
}

/** Intervals of the figures over samples. */
export class RankingPart implements MeasuringPart<MeasuredRecording, RankingResult> {
  readonly #settings: EvaluationSettings;
  readonly #patients = new PatientIndex();
  readonly #ranking = new PatientRanking();

  constructor(settings: EvaluationSettings) {
    this.#settings = settings;
  }

  add({ patient, curve: { probabilities }, labels }: MeasuredRecording): void {
    const tauOn = this.#settings.postprocessing.hysteresis.tau_on;
    const counts = sampleCounts(probabilities, labels, tauOn);
    this.#ranking.add(this.#patients.numberOf(patient), probabilities, labels, counts);
  }

  result(): RankingResult {
    const bootstrap = this.#patients.bootstrap(this.#settings.bootstrapSeed);
    const statistic = this.#ranking.statistic();
    return {
      resampled: bootstrap.intervals(statistic),
      whole: statistic(new Float64Array(bootstrap.patients).fill(1)),
    };
  }
}
