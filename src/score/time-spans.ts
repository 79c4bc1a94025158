/** A stretch of time, end exclusive, in seconds from the start of the recording. */
export interface TimeSpan {
  readonly startS: number;
  readonly endS: number;
}

/** Sorted, and joined where they overlap or touch. */
export function unite(spans: readonly TimeSpan[]): TimeSpan[] {
  const united: TimeSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.startS - b.startS)) {
    const last = united.at(-1);
    if (last !== undefined && span.startS <= last.endS) {
      united[united.length - 1] = { startS: last.startS, endS: Math.max(last.endS, span.endS) };
    } else {
      united.push(span);
    }
  }
  return united;
}

/** Length of the union, in seconds. */
export function unionSeconds(spans: readonly TimeSpan[]): number {
  return unite(spans).reduce((sum, { startS, endS }) => sum + (endS - startS), 0);
}

/** Whether each span shares time with any of the others: `start < otherEnd && end > otherStart`. O((n + m) log m) */
export function touches(spans: readonly TimeSpan[], others: readonly TimeSpan[]): boolean[] {
  const sorted = others.toSorted((a, b) => a.startS - b.startS);
  const latestEnd: number[] = [];
  for (const { endS } of sorted) latestEnd.push(Math.max(endS, latestEnd.at(-1) ?? -Infinity));
  return spans.map(({ startS, endS }) => {
    const startingBefore = countBefore(sorted, endS);
    return startingBefore > 0 && latestEnd[startingBefore - 1]! > startS;
  });
}

/** How many of the sorted spans start before this time. */
function countBefore(sorted: readonly TimeSpan[], timeS: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.startS < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}
