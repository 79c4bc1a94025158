import type { ProbabilityCurve } from '../../post/index.ts';
import type { EventCounts, ScoredRecording } from '../any-overlap.ts';
import { type Detector, SensitivityCurve } from '../sensitivity-curve.ts';
import type { Figure } from './document.ts';
import { asInterval, exactShare, isFew } from './figure-intervals.ts';
import { drawnSum, type PatientBootstrap, type Statistic } from './patient-bootstrap.ts';

/** A false-alarm rate from less EEG than this is noise. */
export const LEAST_SEIZURE_FREE_HOURS = 24;

/** A patient's counts at every threshold. */
interface PatientCounts {
  readonly detected: Float64Array;
  readonly falseAlarms: Float64Array;
  references: number;
  recordedS: number;
}

/** A sweep over thresholds that also keeps each patient's counts, so that patients can be resampled. */
export class PatientSweep {
  readonly curve: SensitivityCurve;
  readonly #patients: PatientCounts[] = [];
  readonly #thresholds: number;

  constructor(thresholds: readonly number[], detect: Detector) {
    this.curve = new SensitivityCurve(thresholds, detect);
    this.#thresholds = thresholds.length;
  }

  /** @param patient counted from 0, in order of appearance */
  add(patient: number, recording: ScoredRecording, curve: ProbabilityCurve): void {
    this.#patients[patient] ??= {
      detected: new Float64Array(this.#thresholds),
      falseAlarms: new Float64Array(this.#thresholds),
      references: 0,
      recordedS: 0,
    };
    const own = this.#patients[patient];
    const counts = this.curve.add(recording, curve);
    for (const [index, { detectedReferences, falseAlarms }] of counts.entries()) {
      own.detected[index]! += detectedReferences;
      own.falseAlarms[index]! += falseAlarms;
    }
    const [first] = counts as [EventCounts];
    own.references += first.references;
    own.recordedS += first.recordedS;
  }

  /**
   * Sensitivity at each rate, with intervals: from patients drawn anew, with the threshold chosen anew in each draw; exact
   * at the one threshold where events are few, or all or none are detected.
   */
  figures(rates: readonly number[], bootstrap: PatientBootstrap): (Figure & { threshold: number | null })[] {
    const reached = rates.map((rate) => this.curve.sensitivityAtFalseAlarms(rate, LEAST_SEIZURE_FREE_HOURS));
    const references = Float64Array.from(this.#patients, (counts) => counts.references);
    const isResampled = reached.some(({ value }) => value !== null) && !isFew(references);
    const resampled = isResampled ? bootstrap.intervals(this.#statistic(rates)) : [];
    return reached.map((figure, index) => {
      if (figure.value === null) return { ...figure, interval: null };
      const { value, reason, threshold, counts } = figure;
      const { detectedReferences: hits, references: events } = counts;
      const isExact = !isResampled || hits === 0 || hits === events;
      const interval = isExact ? exactShare(hits, events) : asInterval(resampled[index] ?? null);
      return { value, reason, threshold, interval };
    });
  }

  #statistic(rates: readonly number[]): Statistic {
    const patients = this.#patients;
    const columns = (of: (counts: PatientCounts) => Float64Array) =>
      Array.from({ length: this.#thresholds }, (_, index) =>
        Float64Array.from(patients, (counts) => of(counts)[index]!),
      );
    const [detected, falseAlarms] = [columns((c) => c.detected), columns((c) => c.falseAlarms)];
    const references = Float64Array.from(patients, (counts) => counts.references);
    const recordedS = Float64Array.from(patients, (counts) => counts.recordedS);
    return (draws) => {
      const [seizures, days] = [drawnSum(references, draws), drawnSum(recordedS, draws) / 86_400];
      const best: (number | null)[] = rates.map(() => null);
      if (seizures === 0 || days === 0) return best;
      for (let index = 0; index < this.#thresholds; index++) {
        const falseRate = drawnSum(falseAlarms[index]!, draws) / days;
        const sensitivity = drawnSum(detected[index]!, draws) / seizures;
        for (const [place, rate] of rates.entries())
          if (falseRate <= rate) best[place] = Math.max(best[place] ?? 0, sensitivity);
      }
      return best;
    };
  }
}
