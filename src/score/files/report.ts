import type { AlgorithmScores, IraScores } from '../nedc/index.ts';
import type { DatasetScores, EventScoringSettings, SzcoreScores } from '../szcore/index.ts';
import type { HypothesisState } from './hypothesis.ts';

/** What `bgb score` writes; docs/scoring.md documents the keys, which stay. */
export interface ScoreReport {
  readonly format: 'bgb-score';
  readonly version: 1;
  readonly reference: string;
  readonly hypothesis: string;
  readonly settings: {
    readonly sample_rate_hz: number;
    readonly duration_tolerance_s: number;
    readonly event: EventScoringSettings;
  };
  readonly durations: {
    readonly recordings: number;
    readonly subjects: number;
    readonly recorded_s: number;
    readonly recorded_hours: number;
    readonly reference_seizures: number;
    readonly reference_seizure_s: number;
    readonly hypothesis_seizures: number;
    readonly hypothesis_seizure_s: number;
  };
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
  /** In the order of their names. */
  readonly recordings: readonly RecordingReport[];
  /** Hypotheses of no reference: not scored. */
  readonly unpaired: readonly string[];
  readonly notices: readonly string[];
}

export interface RecordingReport {
  readonly recording: string;
  readonly subject: string;
  readonly duration_s: number;
  readonly hypothesis: HypothesisState;
  readonly reason: string | null;
  readonly sample: SzcoreScores;
  readonly event: SzcoreScores;
}
