import type { ScorerScores } from '../scorer-tally.ts';
import type { EventScoringSettings, SzcoreScores } from '../szcore/index.ts';
import type { HypothesisState } from './hypothesis.ts';

/** What `bgb score` writes; docs/scoring.md documents the keys, which stay. */
export interface ScoreReport extends ScorerScores {
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
