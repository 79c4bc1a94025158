/** A stretch of time, in seconds; its end is exclusive. */
export interface Interval {
  readonly startS: number;
  readonly endS: number;
}

/** Covers the same time, in order, without overlaps and without stretches that touch. */
export function unionOf(intervals: readonly Interval[]): Interval[] {
  const joined: { startS: number; endS: number }[] = [];
  for (const { startS, endS } of intervals.toSorted((a, b) => a.startS - b.startS)) {
    const open = joined.at(-1);
    if (endS <= startS) continue;
    if (open !== undefined && startS <= open.endS) open.endS = Math.max(open.endS, endS);
    else joined.push({ startS, endS });
  }
  return joined;
}

/** Time that is in both. */
export function common(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const [ones, others] = [unionOf(a), unionOf(b)];
  const both: Interval[] = [];
  for (let i = 0, j = 0; i < ones.length && j < others.length; ) {
    const startS = Math.max(ones[i]!.startS, others[j]!.startS);
    const endS = Math.min(ones[i]!.endS, others[j]!.endS);
    if (endS > startS) both.push({ startS, endS });
    if (ones[i]!.endS <= others[j]!.endS) i++;
    else j++;
  }
  return both;
}

/** Time that is in `a` and not in `b`. */
export function without(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const gaps: Interval[] = [];
  let at = Number.NEGATIVE_INFINITY;
  for (const { startS, endS } of unionOf(b)) {
    gaps.push({ startS: at, endS: startS });
    at = endS;
  }
  return common(a, [...gaps, { startS: at, endS: Number.POSITIVE_INFINITY }]);
}

/** Finds, again and again, which of many intervals share time with one. */
export function overlapFinder<Kind extends Interval>(intervals: readonly Kind[]): (one: Interval) => Kind[] {
  const sorted = intervals.toSorted((a, b) => a.startS - b.startS);
  let latest = Number.NEGATIVE_INFINITY;
  const latestEnds = sorted.map(({ endS }) => {
    latest = Math.max(latest, endS);
    return latest;
  });
  return ({ startS, endS }) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]!.startS < endS) low = middle + 1;
      else high = middle;
    }
    const found: Kind[] = [];
    for (let at = low - 1; at >= 0 && latestEnds[at]! > startS; at--)
      if (sorted[at]!.endS > startS) found.push(sorted[at]!);
    return found.reverse();
  };
}

/** Length of the time covered. */
export function secondsOf(intervals: readonly Interval[]): number {
  return unionOf(intervals).reduce((sum, { startS, endS }) => sum + endS - startS, 0);
}

/** For messages: `10-14 s, 20.5-22 s and 3 more`. */
export function listed(intervals: readonly Interval[]): string {
  const shown = intervals.slice(0, 5).map(({ startS, endS }) => `${rounded(startS)}-${rounded(endS)} s`);
  return `${shown.join(', ')}${intervals.length > 5 ? ` and ${intervals.length - 5} more` : ''}`;
}

/** To 0.1 ms, as TUSZ's files have it; shortest form. */
export function rounded(seconds: number): number {
  return Number(seconds.toFixed(4));
}
