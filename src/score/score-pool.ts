import { MeanOverRecordings, type Measured } from './measured.ts';
import { aurocOf, averagePrecisionOf, type SortedScores, sortScores } from './ranking.ts';

/** What one score stands for; it becomes part of the figures' names. */
export type ScoredUnit = 'samples' | 'windows';

/** Ranking figures, named by what they are pooled over. */
export type RankingFigures<Unit extends ScoredUnit> = {
  readonly [Name in `auroc_over_${Unit}` | `average_precision_over_${Unit}`]: Measured;
} & {
  readonly auroc_mean_over_recordings: Measured;
  readonly average_precision_mean_over_recordings: Measured;
  readonly recordings: number;
  /** Without both classes, so without an AUROC of their own. */
  readonly recordings_without_auroc: number;
};

/**
 * Gathers scores recording by recording and yields AUROC and average precision both ways: pooled over all
 * scores, and as a mean over recordings. Each score is kept once, in 4 bytes: the pooled figures need them all,
 * and models yield float32.
 *
 * @example
 * const pool = new ScorePool('samples');
 * for (const { curve, labels } of recordings) pool.add(curve.probabilities, labels);
 * pool.figures().auroc_over_samples; // {value: 0.93, reason: null}
 */
export class ScorePool<Unit extends ScoredUnit> {
  readonly #unit: Unit;
  readonly #seizure = new GrowingScores();
  readonly #background = new GrowingScores();
  readonly #auroc = new MeanOverRecordings();
  readonly #averagePrecision = new MeanOverRecordings();
  #recordings = 0;

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  /** Adds one recording: scores `(N)`, labels `(N)` (0, 1; 2 is left out). @throws BgbError `SCORE_*`, adding nothing */
  add(scores: ArrayLike<number>, labels: ArrayLike<number>): void {
    const rounded = scores instanceof Float32Array ? scores : Float32Array.from(scores);
    const own = sortScores(rounded, labels);
    this.#auroc.add(aurocOf(own));
    this.#averagePrecision.add(averagePrecisionOf(own));
    this.#recordings++;
    this.#seizure.append(own.seizure);
    this.#background.append(own.background);
  }

  /** All scores by class, from low to high; not a copy. */
  sorted(): SortedScores {
    return { seizure: this.#seizure.sorted(), background: this.#background.sorted() };
  }

  figures(): RankingFigures<Unit> {
    const pooled = this.sorted();
    return {
      [`auroc_over_${this.#unit}`]: aurocOf(pooled),
      [`average_precision_over_${this.#unit}`]: averagePrecisionOf(pooled),
      auroc_mean_over_recordings: this.#auroc.mean,
      average_precision_mean_over_recordings: this.#averagePrecision.mean,
      recordings: this.#recordings,
      recordings_without_auroc: this.#auroc.recordingsLeftOut,
    } as RankingFigures<Unit>;
  }
}

class GrowingScores {
  #values = new Float32Array(1024);
  #length = 0;

  append(values: Float32Array | Float64Array): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) {
      const larger = new Float32Array(Math.max(length, this.#values.length * 2));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = length;
  }

  /** A view of all values, sorted in place: their order of arrival is not needed again. */
  sorted(): Float32Array {
    return this.#values.subarray(0, this.#length).sort();
  }
}
