/**
 * SzCORE's scores (Dan et al., Epilepsia 2024), to the digit as timescoring 0.0.7 and szcore-evaluation 0.0.7 give them.
 * Works on the times of events, so that cost follows the number of events, not the hours.
 *
 * ```ts
 * scoreEvents({ events: [{ startS: 100, endS: 160 }], durationS: 3600 }, { events: [], durationS: 3600 });
 * // { refTrue: 1, tp: 0, fp: 0, sensitivity: 0, precision: null, f1: 0, ... }
 * ```
 */
export { boardRecording } from './board-labels.ts';
export {
  countEvents,
  EVENT_RATE,
  type EventScoringSettings,
  SZCORE_EVENT_SETTINGS,
  scoredEvents,
  scoreEvents,
} from './event-scoring.ts';
export { SampleRuns } from './sample-runs.ts';
export { type AnnotatedRecording, countSamples, labelsAt, scoreSamples } from './sample-scoring.ts';
export { addCounts, noCounts, type SzcoreCounts, type SzcoreScores, scoresOf } from './scores.ts';
export {
  type DatasetScores,
  type FiguresOverSubjects,
  type SubjectScores,
  SubjectTally,
} from './subject-scores.ts';

/** What these scores equal; a report names it, for F1 was redefined in 0.0.7. */
export const SZCORE_SCORER = 'timescoring 0.0.7';
export const SZCORE_BOARD_SCORER = 'szcore-evaluation 0.0.7';
