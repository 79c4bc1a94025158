import type { DetectedEvent } from '../../post/index.ts';
import {
  anyOverlapEvents,
  type EventCounts,
  eventSensitivity,
  falseAlarmsPer24hRecorded,
  NO_EVENTS,
} from '../any-overlap.ts';
import { ExactSum } from '../exact-sum.ts';
import { ratio, sumCounts } from '../measured.ts';
import { ScorerTally } from '../scorer-tally.ts';
import { type TimeSpan, unionSeconds } from '../time-spans.ts';
import type {
  DetectionRecord,
  EvaluationDocument,
  FalseAlarm,
  Figure,
  MissedSeizure,
  PatientRow,
  RecordingRow,
} from './document.ts';
import type { EvaluatedRecording } from './evaluated-recording.ts';
import { delayReport, eventOutcomes, highestProbability } from './event-outcomes.ts';
import { figureOf, rateInterval } from './figure-intervals.ts';
import {
  type PatientSeizure,
  sensitivityByDuration,
  sensitivityByType,
  sensitivityInterval,
} from './group-sensitivity.ts';
import type { PatientBootstrap } from './patient-bootstrap.ts';
import { PatientIndex } from './patient-index.ts';
import { LEAST_SEIZURE_FREE_HOURS } from './patient-sweep.ts';

/** Of a recording, what the document lists one by one. */
export interface ListedEvents {
  readonly missed: readonly MissedSeizure[];
  readonly falseAlarms: readonly FalseAlarm[];
}

/** The part of the document that follows from events alone. */
export type EventResult = Pick<
  EvaluationDocument,
  | 'recordings'
  | 'patients'
  | 'recorded_hours'
  | 'seizure_free_hours'
  | 'seizures'
  | 'figures'
  | 'bootstrap'
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
> & {
  readonly patientsWithSeizures: number;
};

/** What became of the seizures and detections of a set of recordings, at the thresholds in use. */
export class EventTally {
  readonly #scorers = new ScorerTally();
  readonly #patients = new PatientIndex();
  /** By patient. */
  readonly #counts: EventCounts[] = [];
  readonly #seizures: PatientSeizure[] = [];
  readonly #rows: RecordingRow[] = [];
  readonly #missed: MissedSeizure[] = [];
  readonly #falseAlarms: FalseAlarm[] = [];
  readonly #long: DetectionRecord[] = [];
  #detectedS = new ExactSum();

  /** Adds a recording; gives what it adds to the lists of missed seizures and false alarms. */
  add(recording: EvaluatedRecording): ListedEvents {
    const { name, recorded, references, detections } = recording;
    const patient = this.#patients.numberOf(recording.patient);
    const counts = anyOverlapEvents([{ ...recording, hypotheses: detections }]);
    const durationS = recorded.at(-1)!.endS;
    const outcomes = eventOutcomes(recording, detections);
    const listed = listedEvents(recording, outcomes);
    this.#counts[patient] = sumCounts(this.#counts[patient] ?? NO_EVENTS, counts);
    this.#scorers.add({ subject: recording.patient, durationS, references, hypotheses: detections });
    this.#detectedS.add(unionSeconds(detections));
    this.#seizures.push(...outcomes.seizures.map((seizure) => ({ ...seizure, patient })));
    this.#missed.push(...listed.missed);
    this.#falseAlarms.push(...listed.falseAlarms);
    for (const event of detections) if (event.isLong) this.#long.push(detectionOf(recording, event));
    this.#rows.push({
      recording: name,
      patient: recording.patient,
      duration_s: durationS,
      recorded_s: counts.recordedS,
      seizures: counts.references,
      detected: counts.detectedReferences,
      false_alarms: counts.falseAlarms,
      predictions: recording.predictions,
      probabilities: recording.probabilities,
    });
    return listed;
  }

  /** Over all recordings so far; the order in which they were added is nothing. */
  result(bootstrapSeed: number): EventResult {
    const events = sumCounts(NO_EVENTS, ...this.#counts);
    const bootstrap = this.#patients.bootstrap(bootstrapSeed);
    return {
      recordings: this.#rows.length,
      patients: this.#counts.length,
      patientsWithSeizures: this.#counts.filter(({ references }) => references > 0).length,
      recorded_hours: events.recordedS / 3600,
      seizure_free_hours: events.seizureFreeS / 3600,
      seizures: events.references,
      figures: this.#figures(events, bootstrap),
      bootstrap: { resamples: bootstrap.resamples, seed: bootstrap.seed, patients: bootstrap.patients },
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

  #figures(events: EventCounts, bootstrap: PatientBootstrap): Record<string, Figure> {
    const perPatient = (of: (counts: EventCounts) => number) => Float64Array.from(this.#counts, of);
    return {
      event_sensitivity_any_overlap: figureOf(
        eventSensitivity(events),
        sensitivityInterval(this.#seizures, bootstrap),
      ),
      false_alarms_per_24h_recorded: figureOf(
        falseAlarmsPer24hRecorded(events, LEAST_SEIZURE_FREE_HOURS),
        rateInterval(
          perPatient(({ falseAlarms }) => falseAlarms),
          perPatient(({ recordedS }) => recordedS),
          bootstrap,
        ),
      ),
      share_of_recorded_time_detected: figureOf(
        ratio(this.#detectedS.value, events.recordedS, 'nothing recorded'),
        null,
      ),
    };
  }

  #patientRows(): PatientRow[] {
    return this.#patients.names
      .map((patient, number) => {
        const counts = this.#counts[number]!;
        return {
          patient,
          recordings: counts.recordings,
          recorded_hours: counts.recordedS / 3600,
          seizures: counts.references,
          detected: counts.detectedReferences,
          false_alarms: counts.falseAlarms,
          sensitivity: eventSensitivity(counts).value,
          false_alarms_per_24h: falseAlarmsPer24hRecorded(counts, 0).value,
        };
      })
      .sort((a, b) => (a.patient < b.patient ? -1 : 1));
  }
}

function listedEvents(
  recording: EvaluatedRecording,
  { seizures, falseAlarms }: ReturnType<typeof eventOutcomes>,
): ListedEvents {
  const { curve } = recording;
  const missed = seizures
    .filter(({ isDetected }) => !isDetected)
    .map((seizure) => ({
      ...placeOf(recording, seizure),
      type: seizure.type,
      highest_probability: highestProbability(curve, seizure),
      excerpt: null,
    }));
  const wrong = falseAlarms.map((event) => ({
    ...detectionOf(recording, event),
    highest_probability: highestProbability(curve, event),
    excerpt: null,
  }));
  return { missed, falseAlarms: wrong };
}

function detectionOf(recording: EvaluatedRecording, event: DetectedEvent): DetectionRecord {
  return { ...placeOf(recording, event), confidence: event.confidence, is_long: event.isLong };
}

function placeOf({ name, patient }: EvaluatedRecording, { startS, endS }: TimeSpan) {
  return { recording: name, patient, start_s: startS, end_s: endS };
}

function byPlace(
  a: { readonly recording: string; readonly start_s: number },
  b: { readonly recording: string; readonly start_s: number },
): number {
  if (a.recording !== b.recording) return a.recording < b.recording ? -1 : 1;
  return a.start_s - b.start_s;
}
