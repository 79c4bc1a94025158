import { namedPatientOf } from '../../cache/index.ts';
import { InputError } from '../../errors.ts';
import { asPrinted, ExactSum, NEDC_SCORER, type NedcScores, NedcTally } from '../nedc/index.ts';
import {
  addCounts,
  boardRecording,
  countEvents,
  countSamples,
  type DatasetScores,
  EVENT_RATE,
  type EventScoringSettings,
  noCounts,
  SubjectTally,
  SZCORE_BOARD_SCORER,
  SZCORE_EVENT_SETTINGS,
  SZCORE_SCORER,
  type SzcoreScores,
  scoresOf,
} from '../szcore/index.ts';
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
  readonly #nedc = new NedcTally();
  readonly #board = new SubjectTally();
  readonly #recordings: RecordingReport[] = [];
  readonly #notices: string[] = [];
  readonly #seconds = { recorded: new ExactSum(), reference: new ExactSum(), hypothesis: new ExactSum() };
  readonly #seizures = { reference: 0, hypothesis: 0 };
  #sample;
  #event = noCounts(EVENT_RATE);

  constructor(request: ScoreRequest) {
    this.#request = request;
    this.#sample = noCounts(request.sampleRate);
  }

  add({ name, durationS, reference: events, hypothesis, notices }: ReadPair): void {
    const { sampleRate, eventSettings } = this.#request;
    const [reference, found] = [
      { events, durationS },
      { events: hypothesis.events, durationS },
    ];
    const sample = countSamples(reference, found, sampleRate);
    const event = countEvents(reference, found, eventSettings);
    this.#sample = addCounts(this.#sample, sample);
    this.#event = addCounts(this.#event, event);
    const subject = namedPatientOf(name) ?? nameless(name);
    const [boardReference, boardFound] = [
      boardRecording(reference),
      boardRecording({ events: hypothesis.boardEvents, durationS }),
    ];
    this.#board.add(
      subject,
      countSamples(boardReference, boardFound, 1),
      countEvents(boardReference, boardFound, eventSettings),
    );
    this.#nedc.add(events, hypothesis.events, durationS);
    this.#seconds.recorded.add(durationS);
    this.#seconds.reference.add(unionSeconds(events));
    this.#seconds.hypothesis.add(unionSeconds(hypothesis.events));
    this.#seizures.reference += events.length;
    this.#seizures.hypothesis += hypothesis.events.length;
    this.#notices.push(...notices);
    this.#recordings.push({
      recording: name,
      subject,
      duration_s: durationS,
      hypothesis: hypothesis.state,
      reason: hypothesis.reason,
      sample: scoresOf(sample),
      event: scoresOf(event),
    });
  }

  report(unpaired: readonly string[], notices: readonly string[]): ScoreReport {
    const { reference, hypothesis, sampleRate, durationTolerance, eventSettings } = this.#request;
    const [sample, event, nedc] = [scoresOf(this.#sample), scoresOf(this.#event), this.#nedc.scores()];
    const board = this.#board.scores();
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
        subjects: Object.keys(board.by_subject).length,
        recorded_s: recordedS,
        recorded_hours: recordedS / 3600,
        reference_seizures: this.#seizures.reference,
        reference_seizure_s: this.#seconds.reference.value,
        hypothesis_seizures: this.#seizures.hypothesis,
        hypothesis_seizure_s: this.#seconds.hypothesis.value,
      },
      false_alarms_per_24h: falseAlarms(sample, event, board, nedc),
      szcore: {
        scorer: SZCORE_SCORER,
        sample,
        event,
        subjects: { scorer: SZCORE_BOARD_SCORER, ...board },
      },
      nedc: {
        scorer: NEDC_SCORER,
        ...nedc,
        as_printed: {
          overlap: asPrinted(nedc.overlap),
          taes: asPrinted(nedc.taes),
          epoch: asPrinted(nedc.epoch),
          dpalign: asPrinted(nedc.dpalign),
        },
      },
      recordings: this.#recordings,
      unpaired,
      notices: [...this.#notices, ...notices],
    };
  }
}

function falseAlarms(
  sample: SzcoreScores,
  event: SzcoreScores,
  board: DatasetScores,
  nedc: NedcScores,
): Record<string, number | null> {
  const ofNedc = (['overlap', 'taes', 'epoch', 'dpalign'] as const).flatMap((algorithm) => {
    const { per_label, summary } = nedc[algorithm];
    return [
      [`nedc_${algorithm}_seiz`, per_label.seiz.flr],
      [`nedc_${algorithm}_both_labels`, summary.flr],
    ] as const;
  });
  return {
    szcore_events_all_recordings: event.fpRate,
    szcore_events_mean_over_subjects: board.per_subject_mean.event_results.fpRate,
    szcore_samples_all_recordings: sample.fpRate,
    szcore_samples_mean_over_subjects: board.per_subject_mean.sample_results.fpRate,
    ...Object.fromEntries(ofNedc),
  };
}

/** Where the name says nothing: the folder, else the file. Nothing is trained on here, so no split can be wrong. */
function nameless(name: string): string {
  const [first, ...rest] = name.split('/');
  return rest.length > 0 ? first! : name.replace(/\.\w+$/, '');
}
