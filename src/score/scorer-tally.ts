import {
  type AlgorithmScores,
  asPrinted,
  type IraScores,
  NEDC_SCORER,
  type NedcScores,
  NedcTally,
} from './nedc/index.ts';
import {
  type AnnotatedRecording,
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
} from './szcore/index.ts';
import type { TimeSpan } from './time-spans.ts';

/** What both reference tools say of a set of recordings; docs/scoring.md documents the keys, which stay. */
export interface ScorerScores {
  /** Named by what is counted and over what; each per 24 h of all that was recorded. */
  readonly false_alarms_per_24h: Readonly<Record<string, number | null>>;
  readonly szcore: {
    readonly scorer: string;
    /** All recordings as one. */
    readonly sample: SzcoreScores;
    readonly event: SzcoreScores;
    /** As szcore-evaluation computes a data set: from labels at 1 Hz. */
    readonly subjects: { readonly scorer: string } & DatasetScores;
  };
  readonly nedc: {
    readonly scorer: string;
    readonly overlap: AlgorithmScores;
    readonly taes: AlgorithmScores;
    readonly epoch: AlgorithmScores;
    readonly dpalign: AlgorithmScores;
    readonly ira: IraScores;
    /** The same with 0 where the tool prints 0 for what is undefined. */
    readonly as_printed: Readonly<Record<'overlap' | 'taes' | 'epoch' | 'dpalign', AlgorithmScores>>;
  };
}

/** A recording's seizures as annotated and as found. */
export interface ScoredPair {
  readonly subject: string;
  readonly durationS: number;
  readonly references: readonly TimeSpan[];
  readonly hypotheses: readonly TimeSpan[];
  /** As SzCORE's board sees them, where that differs. */
  readonly boardHypotheses?: readonly TimeSpan[];
}

/** Scores recordings by both references' definitions; the order in which they are added is nothing. */
export class ScorerTally {
  readonly #nedc = new NedcTally();
  readonly #board = new SubjectTally();
  readonly #sampleRate: number;
  readonly #eventSettings: EventScoringSettings;
  #sample;
  #event = noCounts(EVENT_RATE);

  /** @param sampleRate Hz, of SzCORE's sample scoring */
  constructor(sampleRate = 1, eventSettings: EventScoringSettings = SZCORE_EVENT_SETTINGS) {
    this.#sampleRate = sampleRate;
    this.#eventSettings = eventSettings;
    this.#sample = noCounts(sampleRate);
  }

  /** Adds a recording and gives its own SzCORE scores. */
  add(pair: ScoredPair): { sample: SzcoreScores; event: SzcoreScores } {
    const { subject, durationS, references, hypotheses, boardHypotheses = hypotheses } = pair;
    const [reference, found] = [references, hypotheses].map((events) => ({ events, durationS })) as [
      AnnotatedRecording,
      AnnotatedRecording,
    ];
    const sample = countSamples(reference, found, this.#sampleRate);
    const event = countEvents(reference, found, this.#eventSettings);
    this.#sample = addCounts(this.#sample, sample);
    this.#event = addCounts(this.#event, event);
    const [boardReference, boardFound] = [
      boardRecording(reference),
      boardRecording({ events: boardHypotheses, durationS }),
    ];
    this.#board.add(
      subject,
      countSamples(boardReference, boardFound, 1),
      countEvents(boardReference, boardFound, this.#eventSettings),
    );
    this.#nedc.add(references, hypotheses, durationS);
    return { sample: scoresOf(sample), event: scoresOf(event) };
  }

  scores(): ScorerScores {
    const [sample, event, nedc] = [scoresOf(this.#sample), scoresOf(this.#event), this.#nedc.scores()];
    const board = this.#board.scores();
    return {
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
