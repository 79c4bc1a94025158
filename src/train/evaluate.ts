import { type Config, metricNameOf, metricOf } from '../config/index.ts';
import type { LoadedRecording } from '../data/index.ts';
import { InputError } from '../errors.ts';
import { labelledEvents, type ProbabilityCurve, recordedSpans } from '../post/index.ts';
import {
  EXCLUDED,
  postprocessingDetector,
  ScorePool,
  SEIZURE,
  SensitivityCurve,
  sampleCounts,
  sensitivityOverSamples,
  specificityOverSamples,
  sumCounts,
  sweepThresholds,
} from '../score/index.ts';
import type { Metrics } from './loop.ts';

/**
 * Metrics over recordings, fed one at a time:
 *
 * - `loss`: mean binary cross-entropy over samples;
 * - `auroc`, `average_precision`: pooled over the samples of all recordings;
 * - `sensitivity`, `specificity`: over samples, at `hysteresis.tau_on`;
 * - `sensitivity_at_<N>fa`: event sensitivity (any overlap) at the most sensitive threshold with at most N false
 *   alarms per 24 h of recorded EEG, for every rate of `evaluation.fa_rates`.
 * - `highest_probability`: of all samples; what is never reached is never detected.
 *
 * A metric that is undefined is null. For comparing epochs on one dev split: thresholds are chosen on the very
 * recordings that are scored.
 */
export class Evaluation {
  readonly #settings: Config['postprocessing'];
  readonly #rates: readonly number[];
  readonly #pool = new ScorePool('samples');
  readonly #sweep: SensitivityCurve;
  #counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  #loss = { sum: 0, samples: 0 };
  #highest: number | null = null;

  constructor(config: Pick<Config, 'postprocessing' | 'evaluation'>, alsoRate: number | null = null) {
    this.#settings = config.postprocessing;
    this.#rates = [...new Set([...config.evaluation.fa_rates, ...(alsoRate === null ? [] : [alsoRate])])];
    this.#sweep = new SensitivityCurve(sweepThresholds(), postprocessingDetector(this.#settings));
  }

  add(
    recording: Pick<LoadedRecording, 'name' | 'labels' | 'segments' | 'sampleRate'>,
    curve: ProbabilityCurve,
  ): void {
    const { name, labels, segments, sampleRate } = recording;
    this.#pool.add(curve.probabilities, labels);
    this.#counts = sumCounts(
      this.#counts,
      sampleCounts(curve.probabilities, labels, this.#settings.hysteresis.tau_on),
    );
    const references = labelledEvents(labels, SEIZURE, segments, sampleRate);
    const excluded = labelledEvents(labels, EXCLUDED, segments, sampleRate);
    const recorded = recordedSpans(segments, sampleRate);
    this.#sweep.add({ name, recorded, references, excluded }, curve);
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] === EXCLUDED) continue;
      this.#highest = Math.max(this.#highest ?? 0, curve.probabilities[row]!);
      const probability = labels[row] === SEIZURE ? curve.probabilities[row]! : 1 - curve.probabilities[row]!;
      this.#loss.sum -= Math.log(Math.max(probability, SMALLEST));
      this.#loss.samples++;
    }
  }

  metrics(): Metrics {
    const figures = this.#pool.figures();
    return {
      loss: this.#loss.samples > 0 ? this.#loss.sum / this.#loss.samples : null,
      auroc: figures.auroc_over_samples.value,
      average_precision: figures.average_precision_over_samples.value,
      sensitivity: sensitivityOverSamples(this.#counts).value,
      specificity: specificityOverSamples(this.#counts).value,
      highest_probability: this.#highest,
      ...Object.fromEntries(
        this.#rates.map((rate) => [
          metricNameOf({ kind: 'sensitivity_at', falseAlarmsPer24h: rate }),
          this.#sweep.sensitivityAtFalseAlarms(rate).value,
        ]),
      ),
    };
  }
}

/** A probability in float32 can be 0; its logarithm is taken at the smallest normal number. */
const SMALLEST = 2 ** -126;

/** The rate of an early-stopping metric such as `sensitivity_at_10fa`, or null for other metrics. */
export function falseAlarmRateOf(config: Config): number | null {
  const stopping = config.training.early_stopping;
  if (stopping === null) return null;
  const metric = metricOf(stopping.metric);
  if (metric.kind === 'sensitivity_at') return metric.falseAlarmsPer24h;
  if (metric.kind === 'f1' || metric.kind === 'taes')
    throw new InputError(
      'TRAIN_METRIC',
      `training.early_stopping.metric ${metric.kind} is not computed during training yet; choose loss, auroc, average_precision, sensitivity, specificity or sensitivity_at_<N>fa.`,
    );
  return null;
}
