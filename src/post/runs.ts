/** Samples `[start, end)` of a mask that are on. Lists of runs are sorted and never touch. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The runs in which a label or flag has this value. */
export function runsWhere(values: ArrayLike<number>, value: number): Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let index = 0; index < values.length; index++) {
    if (values[index] === value) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      runs.push({ start, end: index });
      start = -1;
    }
  }
  if (start >= 0) runs.push({ start, end: values.length });
  return runs;
}

/** Slack for bounds in samples: 0.1 s at 250 Hz is 25 samples, whatever the product rounds to. */
const ROUNDING = 1e-6;

/** Drops runs shorter than the minimum or longer than the maximum (both inclusive, in samples, may be fractional). */
export function keepDurations(runs: readonly Run[], minimum: number, maximum: number): Run[] {
  return runs.filter(
    ({ start, end }) => end - start >= minimum - ROUNDING && end - start <= maximum + ROUNDING,
  );
}

/** Joins neighbours whose gap is at most `gap` samples. */
export function mergeGaps(runs: readonly Run[], gap: number): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last !== undefined && run.start - last.end <= gap + ROUNDING) {
      merged[merged.length - 1] = { start: last.start, end: run.end };
    } else {
      merged.push(run);
    }
  }
  return merged;
}
