import { namedPatientOf } from '../../cache/index.ts';
import { InputError } from '../../errors.ts';
import { ExactSum } from '../exact-sum.ts';
import { ScorerTally } from '../scorer-tally.ts';
import { type EventScoringSettings, SZCORE_EVENT_SETTINGS } from '../szcore/index.ts';
import { type TimeSpan, unionSeconds } from '../time-spans.ts';
import { findAnnotationFiles } from './annotation-files.ts';
import { type Hypothesis, readHypothesis } from './hypothesis.ts';
import { pairRecordings, type RecordingPair } from './pairing.ts';
import { readSeizures } from './read-annotation.ts';
import type { RecordingReport, ScoreReport } from './report.ts';

export interface ScoreRequest {
  /** A file or a folder of annotations. */
  readonly reference: string;
  readonly hypothesis: string;
  /** Hz, of sample scoring. */
  readonly sampleRate: number;
  /** Seconds by which a hypothesis may be longer or shorter than its reference. */
  readonly durationTolerance: number;
  readonly eventSettings: EventScoringSettings;
  readonly signal?: AbortSignal;
}

/** SzCORE's. */
export const DEFAULT_SCORING = {
  sampleRate: 1,
  durationTolerance: 0,
  eventSettings: SZCORE_EVENT_SETTINGS,
} as const satisfies Partial<ScoreRequest>;

/** Files read at once: enough that a disk need not be waited for. */
const READ_AT_ONCE = 32;

/**
 * Scores annotations against annotations, with both references' definitions. Takes time and memory in proportion to
 * events and recordings, not to hours.
 *
 * @throws InputError `SCORE_PATH`, `SCORE_FORMAT`, `SCORE_PAIRING`, `SCORE_REFERENCE`; `ANNOTATION_*` for a reference
 * that cannot be read
 */
export async function scoreFiles(request: ScoreRequest): Promise<ScoreReport> {
  const [references, hypotheses] = await Promise.all([
    findAnnotationFiles(request.reference),
    findAnnotationFiles(request.hypothesis),
  ]);
  if (references.files.length === 0)
    throw new InputError(
      'SCORE_REFERENCE',
      `${request.reference}: expected annotation files (*.csv_bi, *.csv, *_events.tsv, *.seizures.json), found none. Give the folder with the references.`,
    );
  const { pairs, unpaired } = pairRecordings(references, hypotheses);
  const tally = new Tally(request);
  for (let first = 0; first < pairs.length; first += READ_AT_ONCE) {
    request.signal?.throwIfAborted();
    const batch = pairs.slice(first, first + READ_AT_ONCE);
    for (const recording of await Promise.all(batch.map((pair) => readPair(pair, request))))
      tally.add(recording);
  }
  const passedOver = [...references.passedOver, ...hypotheses.passedOver];
  return tally.report(
    unpaired.map(({ path }) => path),
    passedOver.map((path) => `${path}: not used, for its recording has a preferred annotation beside it`),
  );
}

interface ReadPair {
  readonly name: string;
  readonly durationS: number;
  readonly reference: readonly TimeSpan[];
  readonly hypothesis: Hypothesis;
  readonly notices: readonly string[];
}

async function readPair(pair: RecordingPair, request: ScoreRequest): Promise<ReadPair> {
  const { events, durationS, notices } = await readSeizures(pair.reference);
  if (durationS === null)
    throw new InputError(
      'SCORE_REFERENCE',
      `${pair.reference.path}: expected the recording's duration ('# duration = X secs' or recordingDuration), found none, so that false alarms per 24 h cannot be told. Add it.`,
    );
  const hypothesis = await readHypothesis(pair, durationS, request);
  return {
    name: pair.reference.key,
    durationS,
    reference: events,
    hypothesis,
    notices: [...notices, ...hypothesis.notices],
  };
}

/** Adds recordings up, whatever their order. */
class Tally {
  readonly #request: ScoreRequest;
  readonly #scorers: ScorerTally;
  readonly #recordings: RecordingReport[] = [];
  readonly #notices: string[] = [];
  readonly #seconds = { recorded: new ExactSum(), reference: new ExactSum(), hypothesis: new ExactSum() };
  readonly #seizures = { reference: 0, hypothesis: 0 };

  constructor(request: ScoreRequest) {
    this.#request = request;
    this.#scorers = new ScorerTally(request.sampleRate, request.eventSettings);
  }

  add({ name, durationS, reference: references, hypothesis, notices }: ReadPair): void {
    const subject = namedPatientOf(name) ?? nameless(name);
    const { sample, event } = this.#scorers.add({
      subject,
      durationS,
      references,
      hypotheses: hypothesis.events,
      boardHypotheses: hypothesis.boardEvents,
    });
    this.#seconds.recorded.add(durationS);
    this.#seconds.reference.add(unionSeconds(references));
    this.#seconds.hypothesis.add(unionSeconds(hypothesis.events));
    this.#seizures.reference += references.length;
    this.#seizures.hypothesis += hypothesis.events.length;
    this.#notices.push(...notices);
    this.#recordings.push({
      recording: name,
      subject,
      duration_s: durationS,
      hypothesis: hypothesis.state,
      reason: hypothesis.reason,
      sample,
      event,
    });
  }

  report(unpaired: readonly string[], notices: readonly string[]): ScoreReport {
    const { reference, hypothesis, sampleRate, durationTolerance, eventSettings } = this.#request;
    const scores = this.#scorers.scores();
    const recordedS = this.#seconds.recorded.value;
    return {
      format: 'bgb-score',
      version: 1,
      reference,
      hypothesis,
      settings: {
        sample_rate_hz: sampleRate,
        duration_tolerance_s: durationTolerance,
        event: eventSettings,
      },
      durations: {
        recordings: this.#recordings.length,
        subjects: Object.keys(scores.szcore.subjects.by_subject).length,
        recorded_s: recordedS,
        recorded_hours: recordedS / 3600,
        reference_seizures: this.#seizures.reference,
        reference_seizure_s: this.#seconds.reference.value,
        hypothesis_seizures: this.#seizures.hypothesis,
        hypothesis_seizure_s: this.#seconds.hypothesis.value,
      },
      ...scores,
      recordings: this.#recordings,
      unpaired,
      notices: [...this.#notices, ...notices],
    };
  }
}

/** Where the name says nothing: the folder, else the file. Nothing is trained on here, so no split can be wrong. */
function nameless(name: string): string {
  const [first, ...rest] = name.split('/');
  return rest.length > 0 ? first! : name.replace(/\.\w+$/, '');
}
