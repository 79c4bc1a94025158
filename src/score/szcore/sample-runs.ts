import type { TimeSpan } from '../time-spans.ts';

/** Samples `[start, end)`. */
export interface SampleRun {
  readonly start: number;
  readonly end: number;
}

/** To the nearest whole number, halves to the even one: NumPy's and Python's `round`, IEEE 754's default. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The samples of an event in a mask of `length` samples, its ends rounded; null where there are none. A bound below 0
 * counts from the mask's end, and one past the end stops there, as in a slice of a NumPy array.
 */
export function runOf({ startS, endS }: TimeSpan, sampleRate: number, length: number): SampleRun | null {
  const start = sliceBound(roundHalfEven(startS * sampleRate), length);
  const end = sliceBound(roundHalfEven(endS * sampleRate), length);
  return end > start ? { start, end } : null;
}

function sliceBound(index: number, length: number): number {
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}

/** A mask as the runs of samples that are on: its size follows the events, not the samples. */
export class SampleRuns {
  /** Sorted, and apart from each other. */
  readonly runs: readonly SampleRun[];
  /** How many samples are on before each run, and in all. */
  readonly #before: Float64Array;

  /** The union of runs in any order; null is no run. */
  constructor(runs: readonly (SampleRun | null)[]) {
    const union: { start: number; end: number }[] = [];
    const given = runs.filter((run) => run !== null).sort((a, b) => a.start - b.start);
    for (const { start, end } of given) {
      const last = union.at(-1);
      if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
      else union.push({ start, end });
    }
    this.runs = union;
    this.#before = new Float64Array(union.length + 1);
    union.forEach(({ start, end }, index) => {
      this.#before[index + 1] = this.#before[index]! + end - start;
    });
  }

  /** Samples that are on. */
  get count(): number {
    return this.#before[this.runs.length]!;
  }

  /** Samples that are on within a run. O(log n) */
  countIn(run: SampleRun | null): number {
    return run === null ? 0 : this.#countBefore(run.end) - this.#countBefore(run.start);
  }

  /** Samples that are on in both. */
  countCommon(other: SampleRuns): number {
    return this.runs.reduce((sum, run) => sum + other.countIn(run), 0);
  }

  #countBefore(sample: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.runs[middle]!.start < sample) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const { start, end } = this.runs[low - 1]!;
    return this.#before[low - 1]! + Math.min(sample, end) - start;
  }
}
