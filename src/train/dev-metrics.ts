import { type Config, metricNameOf, metricOf } from '../config/index.ts';
import { labelledEvents, type ProbabilityCurve, postprocessedTimes, recordedSpans } from '../post/index.ts';
import {
  EXCLUDED,
  LEAST_SEIZURE_FREE_HOURS,
  type Measurement,
  type MeasuringPart,
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

export interface DevSettings extends Pick<Config, 'postprocessing'> {
  /** False alarms per 24 h. */
  readonly rates: readonly number[];
}

/** What is measured of a configuration's dev split. */
export function devSettings(config: Pick<Config, 'postprocessing' | 'evaluation' | 'training'>): DevSettings {
  const alsoRate = falseAlarmRateOf(config);
  const rates = [...new Set([...config.evaluation.fa_rates, ...(alsoRate === null ? [] : [alsoRate])])];
  return { postprocessing: config.postprocessing, rates };
}

export interface DevRecording {
  readonly name: string;
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: ArrayLike<number>;
  /** N probabilities. */
  readonly curve: ProbabilityCurve;
}

/** In the order of their metrics. */
export interface DevResults {
  readonly samples: Metrics;
  readonly ranking: Metrics;
  readonly events: Metrics;
  readonly sweep: Metrics;
}

/**
 * Metrics over the recordings of a dev split:
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
export const DEV_MEASUREMENT: Measurement<DevSettings, DevRecording, DevResults> = {
  samples: (settings) => new Samples(settings),
  ranking: () => new Ranking(),
  events: (settings) => new Events(settings),
  sweep: (settings) => new Sweep(settings),
};

/** All metrics by name. */
export function devMetrics(results: DevResults): Metrics {
  return Object.assign({}, ...Object.values(results));
}

type DevPart = MeasuringPart<DevRecording, Metrics>;

class Samples implements DevPart {
  readonly #tauOn: number;
  #counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  #loss = { sum: 0, samples: 0 };
  #highest: number | null = null;

  constructor({ postprocessing }: DevSettings) {
    this.#tauOn = postprocessing.hysteresis.tau_on;
  }

  add({ labels, curve: { probabilities } }: DevRecording): void {
    this.#counts = sumCounts(this.#counts, sampleCounts(probabilities, labels, this.#tauOn));
    let [sum, samples, highest] = [0, 0, this.#highest ?? 0];
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] === EXCLUDED) continue;
      const found = probabilities[row]!;
      if (found > highest) highest = found;
      sum -= Math.log(Math.max(labels[row] === SEIZURE ? found : 1 - found, SMALLEST));
      samples++;
    }
    if (samples > 0) this.#highest = highest;
    this.#loss = { sum: this.#loss.sum + sum, samples: this.#loss.samples + samples };
  }

  result(): Metrics {
    const { sum, samples } = this.#loss;
    return {
      loss: samples > 0 ? sum / samples : null,
      sensitivity: sensitivityOverSamples(this.#counts).value,
      specificity: specificityOverSamples(this.#counts).value,
      highest_probability: this.#highest,
    };
  }
}

class Ranking implements DevPart {
  readonly #pool = new ScorePool('samples');

  add({ labels, curve: { probabilities } }: DevRecording): void {
    this.#pool.add(probabilities, labels);
  }

  result(): Metrics {
    const figures = this.#pool.figures();
    return {
      auroc: figures.auroc_over_samples.value,
      average_precision: figures.average_precision_over_samples.value,
    };
  }
}

class Events implements DevPart {
  readonly #settings: Config['postprocessing'];
  readonly #scorers = new ScorerTally();

  constructor({ postprocessing }: DevSettings) {
    this.#settings = postprocessing;
  }

  add({ name, labels, curve }: DevRecording): void {
    const { segments, sampleRate } = curve;
    const references = labelledEvents(labels, SEIZURE, segments, sampleRate);
    const hypotheses = postprocessedTimes(curve, this.#settings);
    const durationS = recordedSpans(segments, sampleRate).at(-1)?.endS ?? 0;
    this.#scorers.add({ subject: name, durationS, references, hypotheses });
  }

  result(): Metrics {
    const { szcore, nedc } = this.#scorers.scores();
    return { f1: szcore.event.f1, taes: nedc.taes.per_label.seiz.f1s };
  }
}

class Sweep implements DevPart {
  readonly #rates: readonly number[];
  readonly #curve: SensitivityCurve;

  constructor({ postprocessing, rates }: DevSettings) {
    this.#rates = rates;
    this.#curve = new SensitivityCurve(sweepThresholds(), postprocessingDetector(postprocessing));
  }

  add({ name, labels, curve }: DevRecording): void {
    const { segments, sampleRate } = curve;
    const references = labelledEvents(labels, SEIZURE, segments, sampleRate);
    const excluded = labelledEvents(labels, EXCLUDED, segments, sampleRate);
    this.#curve.add({ name, recorded: recordedSpans(segments, sampleRate), references, excluded }, curve);
  }

  result(): Metrics {
    return Object.fromEntries(
      this.#rates.map((rate) => [
        metricNameOf({ kind: 'sensitivity_at', falseAlarmsPer24h: rate }),
        this.#curve.sensitivityAtFalseAlarms(rate, LEAST_SEIZURE_FREE_HOURS).value,
      ]),
    );
  }
}

/** A probability in float32 can be 0; its logarithm is taken at the smallest normal number. */
const SMALLEST = 2 ** -126;

/** The rate of an early-stopping metric such as `sensitivity_at_10fa`, or null for other metrics. */
export function falseAlarmRateOf(config: Pick<Config, 'training'>): number | null {
  const stopping = config.training.early_stopping;
  if (stopping === null) return null;
  const metric = metricOf(stopping.metric);
  return metric.kind === 'sensitivity_at' ? metric.falseAlarmsPer24h : null;
}
