/** Samples `[start, end)` of a mask that are on. Lists of runs are sorted and never touch. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The runs of indices from `from` to `to` (exclusive) at which a label or flag has this value. */
export function runsWhere(
  values: ArrayLike<number>,
  value: number,
  from = 0,
  to: number = values.length,
): Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let index = from; index < to; index++) {
    if (values[index] === value) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      runs.push({ start, end: index });
      start = -1;
    }
  }
  if (start >= 0) runs.push({ start, end: to });
  return runs;
}

/** Slack for bounds in samples: 0.07 s at 100 Hz is 7 samples, though the product is a little more. */
const ROUNDING = 1e-6;

/** Drops runs shorter than the minimum (inclusive, in samples, may be fractional). */
export function keepDurations(runs: readonly Run[], minimum: number): Run[] {
  return runs.filter((run) => isLongEnough(run, minimum));
}

/** Whether a run has at least so many samples, which may be fractional. */
export function isLongEnough({ start, end }: Run, minimum: number): boolean {
  return end - start >= minimum - ROUNDING;
}

/** Whether a run has more samples than this, which may be fractional. */
export function isLongerThan({ start, end }: Run, samples: number): boolean {
  return end - start > samples + ROUNDING;
}

/** Whether the gap between two neighbours is at most so many samples, which may be fractional. */
export function areMerged(before: Run, after: Run, gap: number): boolean {
  return after.start - before.end <= gap + ROUNDING;
}

/** Joins neighbours whose gap is at most `gap` samples. */
export function mergeGaps(runs: readonly Run[], gap: number): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last !== undefined && areMerged(last, run, gap)) {
      merged[merged.length - 1] = { start: last.start, end: run.end };
    } else {
      merged.push(run);
    }
  }
  return merged;
}
