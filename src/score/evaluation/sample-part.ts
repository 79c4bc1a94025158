import { type Measured, sumCounts } from '../measured.ts';
import {
  type SampleCounts,
  sampleCounts,
  sensitivityOverSamples,
  specificityOverSamples,
} from '../sample-counts.ts';
import { type RankingFigures, ScorePool } from '../score-pool.ts';
import { calibrationReport } from './calibration.ts';
import type { CalibrationReport } from './document.ts';
import type { EvaluationSettings, MeasuredRecording } from './evaluated-recording.ts';
import type { MeasuringPart } from './measuring-part.ts';

/** What the samples of all recordings say, each counting once. */
export interface SampleResult {
  /** Share of seizure among those that are not excluded; null without such samples. */
  readonly prevalence: number | null;
  /** Whether {@link ranked} and {@link calibration} are of every score as it is, not in bins. */
  readonly isExact: boolean;
  readonly ranked: RankingFigures<'samples'>;
  /** At `tau_on`. */
  readonly sensitivity: Measured;
  readonly specificity: Measured;
  readonly calibration: CalibrationReport;
}

const NO_SAMPLES: SampleCounts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };

/** Of the recordings' samples it keeps the scores, up to half a GiB. */
export class SamplePart implements MeasuringPart<MeasuredRecording, SampleResult> {
  readonly #settings: EvaluationSettings;
  readonly #pool = new ScorePool('samples');
  #counts = NO_SAMPLES;

  constructor(settings: EvaluationSettings) {
    this.#settings = settings;
  }

  add({ curve: { probabilities }, labels }: MeasuredRecording): void {
    const tauOn = this.#settings.postprocessing.hysteresis.tau_on;
    this.#pool.add(probabilities, labels);
    this.#counts = sumCounts(this.#counts, sampleCounts(probabilities, labels, tauOn));
  }

  result(): SampleResult {
    const prevalence = shareOfSeizure(this.#counts);
    return {
      prevalence,
      isExact: this.#pool.isExact,
      ranked: this.#pool.figures(),
      sensitivity: sensitivityOverSamples(this.#counts),
      specificity: specificityOverSamples(this.#counts),
      calibration: calibrationReport(this.#pool.sorted(), this.#settings.prior, prevalence),
    };
  }
}

function shareOfSeizure(counts: SampleCounts): number | null {
  const seizure = counts.truePositives + counts.falseNegatives;
  const all = seizure + counts.falsePositives + counts.trueNegatives;
  return all > 0 ? seizure / all : null;
}
