import { EVENT_RATE } from './event-scoring.ts';
import {
  addCounts,
  FIGURES,
  type Figure,
  noCounts,
  type SzcoreCounts,
  type SzcoreScores,
  scoresOf,
} from './scores.ts';

/** Mean and standard deviation (of a population) over subjects; null where no subject has the figure. */
export type FiguresOverSubjects = {
  readonly [Name in Figure | `${Figure}_std`]: number | null;
} & { readonly f1_before_v0_0_7: number | null; readonly f1_before_v0_0_7_std: number | null };

export interface SubjectScores {
  readonly recordings: number;
  readonly sample: SzcoreScores;
  readonly event: SzcoreScores;
}

/** Scores of a data set; field names are szcore-evaluation's. */
export interface DatasetScores {
  /** In the order of their names. */
  readonly by_subject: Readonly<Record<string, SubjectScores>>;
  /** Subjects without a figure are left out of its mean. */
  readonly per_subject_mean: {
    readonly sample_results: FiguresOverSubjects;
    readonly event_results: FiguresOverSubjects;
  };
  /** All recordings as one. */
  readonly cumulated: { readonly sample_results: SzcoreScores; readonly event_results: SzcoreScores };
}

/** Sums counts by subject; the order of recordings is nothing. */
export class SubjectTally {
  readonly #subjects = new Map<string, { recordings: number; sample: SzcoreCounts; event: SzcoreCounts }>();
  readonly #sampleRate: number;

  /** @param sampleRate Hz, of sample scoring */
  constructor(sampleRate = 1) {
    this.#sampleRate = sampleRate;
  }

  add(subject: string, sample: SzcoreCounts, event: SzcoreCounts): void {
    const before = this.#subjects.get(subject) ?? this.#none();
    this.#subjects.set(subject, {
      recordings: before.recordings + 1,
      sample: addCounts(before.sample, sample),
      event: addCounts(before.event, event),
    });
  }

  scores(): DatasetScores {
    const subjects = [...this.#subjects].sort(([a], [b]) => (a < b ? -1 : 1));
    const scored = subjects.map(([name, { recordings, sample, event }]) => {
      return [name, { recordings, sample: scoresOf(sample), event: scoresOf(event) }] as const;
    });
    const all = subjects.reduce((sum, [, counts]) => {
      return {
        recordings: sum.recordings + counts.recordings,
        sample: addCounts(sum.sample, counts.sample),
        event: addCounts(sum.event, counts.event),
      };
    }, this.#none());
    return {
      by_subject: Object.fromEntries(scored),
      per_subject_mean: {
        sample_results: overSubjects(scored.map(([, { sample }]) => sample)),
        event_results: overSubjects(scored.map(([, { event }]) => event)),
      },
      cumulated: { sample_results: scoresOf(all.sample), event_results: scoresOf(all.event) },
    };
  }

  #none() {
    return { recordings: 0, sample: noCounts(this.#sampleRate), event: noCounts(EVENT_RATE) };
  }
}

function overSubjects(scores: readonly SzcoreScores[]): FiguresOverSubjects {
  const figures: Record<string, number | null> = {};
  for (const name of [...FIGURES, 'f1_before_v0_0_7'] as const) {
    // Sorted, so that not even the last bit depends on the order of subjects.
    const values = scores.flatMap((score) => score[name] ?? []).sort((a, b) => a - b);
    const mean = meanOf(values);
    figures[name] = mean;
    figures[`${name}_std`] = mean === null ? null : Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2))!);
  }
  return figures as FiguresOverSubjects;
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
