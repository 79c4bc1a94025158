import {
  plainThresholdDetector,
  plainThresholds,
  postprocessingDetector,
  sweepThresholds,
} from '../sensitivity-curve.ts';
import type { Figure, OperatingPoint } from './document.ts';
import type { EvaluationSettings, MeasuredRecording } from './evaluated-recording.ts';
import type { MeasuringPart } from './measuring-part.ts';
import { operatingCurve } from './operating-curve.ts';
import { PatientIndex } from './patient-index.ts';
import { PatientSweep } from './patient-sweep.ts';

/** Sensitivity at each of the rates, with the threshold that reaches it. */
type AtRates = readonly (Figure & { readonly threshold: number | null })[];

export interface SweepResult {
  /** By the whole post-processing. */
  readonly atRates: AtRates;
  readonly operatingCurve: readonly OperatingPoint[];
  /** By the threshold alone. */
  readonly plainAtRates: AtRates;
}

/** Events at every threshold. */
export class SweepPart implements MeasuringPart<MeasuredRecording, SweepResult> {
  readonly #settings: EvaluationSettings;
  readonly #patients = new PatientIndex();
  readonly #sweep: PatientSweep;
  readonly #plain = new PatientSweep(plainThresholds(), plainThresholdDetector());

  constructor(settings: EvaluationSettings) {
    this.#settings = settings;
    this.#sweep = new PatientSweep(sweepThresholds(), postprocessingDetector(settings.postprocessing));
  }

  add(recording: MeasuredRecording): void {
    const patient = this.#patients.numberOf(recording.patient);
    this.#sweep.add(patient, recording, recording.curve);
    this.#plain.add(patient, recording, recording.curve);
  }

  result(): SweepResult {
    const { rates, bootstrapSeed } = this.#settings;
    const bootstrap = this.#patients.bootstrap(bootstrapSeed);
    return {
      atRates: this.#sweep.figures(rates, bootstrap),
      operatingCurve: operatingCurve(this.#sweep.curve.points),
      plainAtRates: this.#plain.figures(rates, bootstrap),
    };
  }
}
