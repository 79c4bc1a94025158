import type { DetectedEvent, PostprocessingSettings, ProbabilityCurve } from '../../post/index.ts';
import {
  anyOverlapEvents,
  type EventCounts,
  eventSensitivity,
  falseAlarmsPer24hRecorded,
  NO_EVENTS,
} from '../any-overlap.ts';
import { type Measured, ratio, sumCounts } from '../measured.ts';
import { ExactSum } from '../nedc/index.ts';
import {
  type SampleCounts,
  sampleCounts,
  sensitivityOverSamples,
  specificityOverSamples,
} from '../sample-counts.ts';
import { ScorePool } from '../score-pool.ts';
import { ScorerTally } from '../scorer-tally.ts';
import {
  plainThresholdDetector,
  plainThresholds,
  postprocessingDetector,
  sweepThresholds,
} from '../sensitivity-curve.ts';
import { type TimeSpan, unionSeconds } from '../time-spans.ts';
import { calibrationReport, type TrainingPrior } from './calibration.ts';
import type {
  DetectionRecord,
  EvaluationDocument,
  FalseAlarm,
  Figure,
  Interval,
  MissedSeizure,
  PatientRow,
  RecordingRow,
} from './document.ts';
import { delayReport, eventOutcomes, highestProbability, type TypedSeizure } from './event-outcomes.ts';
import { asInterval, figureOf, rateInterval } from './figure-intervals.ts';
import {
  type PatientSeizure,
  sensitivityByDuration,
  sensitivityByType,
  sensitivityInterval,
} from './group-sensitivity.ts';
import { operatingCurve } from './operating-curve.ts';
import { LEAST_PATIENTS, PatientBootstrap } from './patient-bootstrap.ts';
import { PatientRanking } from './patient-ranking.ts';
import { LEAST_SEIZURE_FREE_HOURS, PatientSweep } from './patient-sweep.ts';

/** A recording, what the detector says of it, and what was annotated. */
export interface EvaluatedRecording {
  readonly name: string;
  readonly patient: string;
  /** Never empty. */
  readonly recorded: readonly TimeSpan[];
  readonly references: readonly TypedSeizure[];
  readonly excluded: readonly TimeSpan[];
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: ArrayLike<number>;
  readonly curve: ProbabilityCurve;
  /** The events of the thresholds in use. */
  readonly detections: readonly DetectedEvent[];
  /** Files that were written of it, for the document. */
  readonly predictions: string | null;
  readonly probabilities: string | null;
}

export interface EvaluationSettings {
  readonly postprocessing: PostprocessingSettings;
  /** `evaluation.fa_rates` */
  readonly rates: readonly number[];
  /** What the set is called in figures that mean nothing without it. */
  readonly corpus: string;
  /** null where the checkpoint does not say. */
  readonly prior: TrainingPrior | null;
  readonly bootstrapSeed: number;
}

/** The part of the document that follows from recordings alone. */
export type EvaluationFigures = Pick<
  EvaluationDocument,
  | 'recordings'
  | 'patients'
  | 'recorded_hours'
  | 'seizure_free_hours'
  | 'seizures'
  | 'prevalence'
  | 'figures'
  | 'scores_over_samples'
  | 'bootstrap'
  | 'sensitivity_at_fa'
  | 'sensitivity_at_fa_plain'
  | 'operating_curve'
  | 'calibration'
  | 'sensitivity_by_type'
  | 'sensitivity_by_duration'
  | 'detection_delay'
  | 'longer_than_max_duration'
  | 'per_patient'
  | 'per_recording'
  | 'missed_seizures'
  | 'false_alarms'
  | 'szcore'
  | 'nedc'
  | 'false_alarms_per_24h'
>;

interface PatientTally {
  readonly name: string;
  counts: EventCounts;
}

const NO_SAMPLES: SampleCounts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };

/**
 * Everything that is said of a detector on a set of recordings, which are added one at a time and not kept: of their
 * samples only the scores, up to half a GiB.
 */
export class EvaluationTally {
  readonly #settings: EvaluationSettings;
  readonly #pool = new ScorePool('samples');
  readonly #sweep: PatientSweep;
  readonly #plain = new PatientSweep(plainThresholds(), plainThresholdDetector());
  readonly #ranking = new PatientRanking();
  readonly #scorers = new ScorerTally();
  readonly #patients: PatientTally[] = [];
  readonly #seizures: PatientSeizure[] = [];
  readonly #rows: RecordingRow[] = [];
  readonly #missed: MissedSeizure[] = [];
  readonly #falseAlarms: FalseAlarm[] = [];
  readonly #long: DetectionRecord[] = [];
  #samples = NO_SAMPLES;
  #detectedS = new ExactSum();

  constructor(settings: EvaluationSettings) {
    this.#settings = settings;
    this.#sweep = new PatientSweep(sweepThresholds(), postprocessingDetector(settings.postprocessing));
  }

  /** Adds a recording; gives what it adds to the document's lists of missed seizures and false alarms. */
  add(recording: EvaluatedRecording): {
    readonly missed: readonly MissedSeizure[];
    readonly falseAlarms: readonly FalseAlarm[];
  } {
    const { name, patient: patientName, recorded, references, labels, curve, detections } = recording;
    const tauOn = this.#settings.postprocessing.hysteresis.tau_on;
    const patient = this.#patient(patientName);
    const counts = anyOverlapEvents([{ ...recording, hypotheses: detections }]);
    const samples = sampleCounts(curve.probabilities, labels, tauOn);
    this.#pool.add(curve.probabilities, labels);
    this.#sweep.add(patient, recording, curve);
    this.#plain.add(patient, recording, curve);
    this.#ranking.add(patient, curve.probabilities, labels, samples);
    this.#samples = sumCounts(this.#samples, samples);
    this.#patients[patient]!.counts = sumCounts(this.#patients[patient]!.counts, counts);
    const durationS = recorded.at(-1)!.endS;
    this.#scorers.add({ subject: patientName, durationS, references, hypotheses: detections });

    const { seizures, falseAlarms } = eventOutcomes(recording, detections);
    const placed = ({ startS, endS }: TimeSpan) => ({
      recording: name,
      patient: patientName,
      start_s: startS,
      end_s: endS,
    });
    const detected = (event: DetectedEvent): DetectionRecord => ({
      ...placed(event),
      confidence: event.confidence,
      is_long: event.isLong,
    });
    const missed = seizures
      .filter(({ isDetected }) => !isDetected)
      .map(
        (seizure): MissedSeizure => ({
          ...placed(seizure),
          type: seizure.type,
          highest_probability: highestProbability(curve, seizure),
          excerpt: null,
        }),
      );
    const wrong = falseAlarms.map(
      (event): FalseAlarm => ({
        ...detected(event),
        highest_probability: highestProbability(curve, event),
        excerpt: null,
      }),
    );
    this.#detectedS.add(unionSeconds(detections));
    this.#seizures.push(...seizures.map((seizure) => ({ ...seizure, patient })));
    this.#missed.push(...missed);
    this.#falseAlarms.push(...wrong);
    this.#long.push(...detections.filter(({ isLong }) => isLong).map(detected));
    this.#rows.push({
      recording: name,
      patient: patientName,
      duration_s: durationS,
      recorded_s: counts.recordedS,
      seizures: counts.references,
      detected: counts.detectedReferences,
      false_alarms: counts.falseAlarms,
      predictions: recording.predictions,
      probabilities: recording.probabilities,
    });
    return { missed, falseAlarms: wrong };
  }

  /** Everything but what hangs on the checkpoint; the order in which recordings were added is nothing. */
  figures(): EvaluationFigures {
    const events = sumCounts(NO_EVENTS, ...this.#patients.map(({ counts }) => counts));
    const bootstrap = this.#bootstrap();
    const prevalence = this.#prevalence();
    const recordedHours = events.recordedS / 3600;
    const seizureFreeHours = events.seizureFreeS / 3600;
    const { rates, corpus, prior } = this.#settings;
    const atRates = (sweep: PatientSweep) =>
      sweep.figures(rates, bootstrap).map((figure, index) => ({
        ...figure,
        ...{ fa_per_24h: rates[index]!, corpus, seizure_free_hours: seizureFreeHours, prevalence },
      }));
    const atFalseAlarms = atRates(this.#sweep);
    return {
      recordings: this.#rows.length,
      patients: this.#patients.length,
      recorded_hours: recordedHours,
      seizure_free_hours: seizureFreeHours,
      seizures: events.references,
      prevalence,
      scores_over_samples: this.#pool.isExact ? 'exact' : 'in bins',
      figures: {
        ...this.#sampleFigures(bootstrap),
        ...this.#eventFigures(events, bootstrap),
        ...Object.fromEntries(
          atFalseAlarms.map(({ fa_per_24h, value, reason, interval }) => [
            `sensitivity_at_${fa_per_24h}fa`,
            { value, reason, interval } as Figure,
          ]),
        ),
      },
      bootstrap: { resamples: bootstrap.resamples, seed: bootstrap.seed, patients: bootstrap.patients },
      sensitivity_at_fa: atFalseAlarms,
      sensitivity_at_fa_plain: atRates(this.#plain),
      operating_curve: operatingCurve(this.#sweep.curve),
      calibration: calibrationReport(this.#pool.sorted(), prior, prevalence),
      sensitivity_by_type: sensitivityByType(this.#seizures, bootstrap),
      sensitivity_by_duration: sensitivityByDuration(this.#seizures, bootstrap),
      detection_delay: delayReport(this.#seizures),
      longer_than_max_duration: this.#long.sort(byPlace),
      per_patient: this.#patientRows(),
      per_recording: this.#rows.sort((a, b) => (a.recording < b.recording ? -1 : 1)),
      missed_seizures: this.#missed.sort(byPlace),
      false_alarms: this.#falseAlarms.sort(byPlace),
      ...this.#scorers.scores(),
    };
  }

  #patient(name: string): number {
    const known = this.#patients.findIndex((patient) => patient.name === name);
    return known >= 0 ? known : this.#patients.push({ name, counts: NO_EVENTS }) - 1;
  }

  #bootstrap(): PatientBootstrap {
    const nameOf = (index: number) => this.#patients[index]!.name;
    const order = [...this.#patients.keys()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return new PatientBootstrap(order, { seed: this.#settings.bootstrapSeed });
  }

  #perPatient(of: (counts: EventCounts) => number): Float64Array {
    return Float64Array.from(this.#patients, ({ counts }) => of(counts));
  }

  #prevalence(): number | null {
    const { truePositives, falseNegatives, falsePositives, trueNegatives } = this.#samples;
    const seizure = truePositives + falseNegatives;
    const all = seizure + falsePositives + trueNegatives;
    return all > 0 ? seizure / all : null;
  }

  #sampleFigures(bootstrap: PatientBootstrap): Record<string, Figure> {
    const pooled = this.#pool.figures();
    const withSeizures = this.#perPatient(({ references }) => references).filter((count) => count > 0).length;
    const statistic = this.#ranking.statistic();
    const resampled = withSeizures >= LEAST_PATIENTS ? bootstrap.intervals(statistic) : [];
    const binned = statistic(new Float64Array(this.#patients.length).fill(1));
    // Where the bins put a figure beside its exact value, the interval is moved there.
    const around = (index: number, { value }: Measured): Interval | null => {
      const bounds = resampled[index] ?? null;
      const shift = (value ?? 0) - (binned[index] ?? 0);
      const within = (bound: number) => Math.min(1, Math.max(0, bound + shift));
      return asInterval(bounds && { low: within(bounds.low), high: within(bounds.high) });
    };
    const sensitivity = sensitivityOverSamples(this.#samples);
    const specificity = specificityOverSamples(this.#samples);
    const { auroc_over_samples: auroc, average_precision_over_samples: precision } = pooled;
    return {
      auroc_over_samples: figureOf(auroc, around(0, auroc)),
      average_precision_over_samples: figureOf(precision, around(1, precision)),
      auroc_mean_over_recordings: figureOf(pooled.auroc_mean_over_recordings, null),
      average_precision_mean_over_recordings: figureOf(pooled.average_precision_mean_over_recordings, null),
      sensitivity_over_samples: figureOf(sensitivity, around(2, sensitivity)),
      specificity_over_samples: figureOf(specificity, around(3, specificity)),
    };
  }

  #eventFigures(events: EventCounts, bootstrap: PatientBootstrap): Record<string, Figure> {
    const falseAlarms = this.#perPatient((counts) => counts.falseAlarms);
    const recordedS = this.#perPatient((counts) => counts.recordedS);
    return {
      event_sensitivity_any_overlap: figureOf(
        eventSensitivity(events),
        sensitivityInterval(this.#seizures, bootstrap),
      ),
      false_alarms_per_24h_recorded: figureOf(
        falseAlarmsPer24hRecorded(events, LEAST_SEIZURE_FREE_HOURS),
        rateInterval(falseAlarms, recordedS, bootstrap),
      ),
      share_of_recorded_time_detected: figureOf(
        ratio(this.#detectedS.value, events.recordedS, 'nothing recorded'),
        null,
      ),
    };
  }

  #patientRows(): PatientRow[] {
    return this.#patients
      .map(({ name, counts }) => ({
        patient: name,
        recordings: counts.recordings,
        recorded_hours: counts.recordedS / 3600,
        seizures: counts.references,
        detected: counts.detectedReferences,
        false_alarms: counts.falseAlarms,
        sensitivity: eventSensitivity(counts).value,
        false_alarms_per_24h: falseAlarmsPer24hRecorded(counts, 0).value,
      }))
      .sort((a, b) => (a.patient < b.patient ? -1 : 1));
  }
}

function byPlace(
  a: { readonly recording: string; readonly start_s: number },
  b: { readonly recording: string; readonly start_s: number },
): number {
  if (a.recording !== b.recording) return a.recording < b.recording ? -1 : 1;
  return a.start_s - b.start_s;
}
