import { BinnedScores } from './binned-scores.ts';
import { MeanOverRecordings, type Measured } from './measured.ts';
import { aurocOf, averagePrecisionOf, type SortedScores, sortScores } from './ranking.ts';
import { sortFloats } from './sort-scores.ts';

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

/** So many scores are kept one by one: half a GiB, 145 h at 256 Hz. */
const MOST_EXACT = 2 ** 27;

/**
 * Gathers scores recording by recording and yields AUROC and average precision both ways: pooled over all
 * scores, and as a mean over recordings. Each score is kept once, in 4 bytes: the pooled figures need them all,
 * and models yield float32. Beyond 134 million they are counted in bins instead (see {@link BinnedScores}), so that a
 * corpus needs no more memory.
 *
 * @example
 * const pool = new ScorePool('samples');
 * for (const { curve, labels } of recordings) pool.add(curve.probabilities, labels);
 * pool.figures().auroc_over_samples; // {value: 0.93, reason: null}
 */
export class ScorePool<Unit extends ScoredUnit> {
  readonly #unit: Unit;
  readonly #mostExact: number;
  #exact: { readonly seizure: GrowingScores; readonly background: GrowingScores } | null = {
    seizure: new GrowingScores(),
    background: new GrowingScores(),
  };
  #binned: { readonly seizure: BinnedScores; readonly background: BinnedScores } | null = null;
  readonly #auroc = new MeanOverRecordings();
  readonly #averagePrecision = new MeanOverRecordings();
  #recordings = 0;

  constructor(unit: Unit, { mostExact = MOST_EXACT } = {}) {
    this.#unit = unit;
    this.#mostExact = mostExact;
  }

  /** Whether every score is kept as it is. */
  get isExact(): boolean {
    return this.#exact !== null;
  }

  /** Adds one recording: scores `(N)`, labels `(N)` (0, 1; 2 is left out). @throws BgbError `SCORE_*`, adding nothing */
  add(scores: ArrayLike<number>, labels: ArrayLike<number>): void {
    const rounded = scores instanceof Float32Array ? scores : Float32Array.from(scores);
    const own = sortScores(rounded, labels);
    this.#auroc.add(aurocOf(own));
    this.#averagePrecision.add(averagePrecisionOf(own));
    this.#recordings++;
    const kept = this.#exact;
    const added = own.seizure.length + own.background.length;
    if (kept !== null && kept.seizure.length + kept.background.length + added > this.#mostExact) {
      this.#binned = { seizure: new BinnedScores(), background: new BinnedScores() };
      for (const label of LABELS) this.#binned[label].add(kept[label].values);
      this.#exact = null;
    }
    for (const label of LABELS) {
      this.#exact?.[label].append(own[label]);
      this.#binned?.[label].add(own[label]);
    }
  }

  /** All scores by class, from low to high; not a copy. */
  sorted(): SortedScores {
    if (this.#exact !== null)
      return { seizure: this.#exact.seizure.sorted(), background: this.#exact.background.sorted() };
    const [seizure, background] = LABELS.map((label) => this.#binned![label].distribution()) as [
      ReturnType<BinnedScores['distribution']>,
      ReturnType<BinnedScores['distribution']>,
    ];
    return {
      seizure: seizure.values,
      background: background.values,
      counts: { seizure: seizure.counts, background: background.counts },
    };
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

const LABELS = ['seizure', 'background'] as const;

class GrowingScores {
  #values = new Float32Array(1024);
  #length = 0;
  #isSorted = true;

  get length(): number {
    return this.#length;
  }

  get values(): Float32Array {
    return this.#values.subarray(0, this.#length);
  }

  append(values: Float32Array | Float64Array): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) {
      const larger = new Float32Array(Math.max(length, this.#values.length * 2));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = length;
    this.#isSorted = false;
  }

  /** A view of all values, sorted in place: their order of arrival is not needed again. */
  sorted(): Float32Array {
    const { values } = this;
    if (!this.#isSorted) sortFloats(values);
    this.#isSorted = true;
    return values;
  }
}
