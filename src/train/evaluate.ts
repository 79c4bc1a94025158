import { type Config, metricNameOf, metricOf } from '../config/index.ts';
import type { LoadedRecording } from '../data/index.ts';
import { labelledEvents, type ProbabilityCurve, postprocessedTimes, recordedSpans } from '../post/index.ts';
import {
  EXCLUDED,
  LEAST_SEIZURE_FREE_HOURS,
  postprocessingDetector,
  ScorePool,
  ScorerTally,
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
 * - `f1`: SzCORE's over events, `taes`: the F1 of NEDC's TAES over seizures, both at the thresholds as configured;
 * - `sensitivity_at_<N>fa`: event sensitivity (any overlap) at the most sensitive threshold with at most N false
 *   alarms per 24 h of recorded EEG, for every rate of `evaluation.fa_rates`; undefined under 24 h of seizure-free EEG;
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
  readonly #scorers = new ScorerTally();
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
    const hypotheses = postprocessedTimes(curve, this.#settings);
    const durationS = recorded.at(-1)?.endS ?? 0;
    this.#scorers.add({ subject: name, durationS, references, hypotheses });
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
    const { szcore, nedc } = this.#scorers.scores();
    return {
      loss: this.#loss.samples > 0 ? this.#loss.sum / this.#loss.samples : null,
      auroc: figures.auroc_over_samples.value,
      average_precision: figures.average_precision_over_samples.value,
      sensitivity: sensitivityOverSamples(this.#counts).value,
      specificity: specificityOverSamples(this.#counts).value,
      f1: szcore.event.f1,
      taes: nedc.taes.per_label.seiz.f1s,
      highest_probability: this.#highest,
      ...Object.fromEntries(
        this.#rates.map((rate) => [
          metricNameOf({ kind: 'sensitivity_at', falseAlarmsPer24h: rate }),
          this.#sweep.sensitivityAtFalseAlarms(rate, LEAST_SEIZURE_FREE_HOURS).value,
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
  return metric.kind === 'sensitivity_at' ? metric.falseAlarmsPer24h : null;
}
