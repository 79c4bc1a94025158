/** Exact 95 % intervals of a share and of a rate, for counts too few to resample. */

/** Bounds of a 95 % interval. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What lies beyond each bound. */
const TAIL = 0.025;

/**
 * Of a share of which `hits` in `trials` were seen (Clopper and Pearson 1934): the shares at which so many, or more, and
 * so many, or fewer, still have a chance of 2.5 %. Trials count as independent.
 *
 * @param trials at least 1
 */
export function clopperPearson(hits: number, trials: number): Bounds {
  return {
    // P(X >= hits) rises with the share, P(X <= hits) falls.
    low: hits === 0 ? 0 : root(0, 1, (share) => 1 - binomialUpTo(hits - 1, trials, share) - TAIL),
    high: hits === trials ? 1 : root(0, 1, (share) => TAIL - binomialUpTo(hits, trials, share)),
  };
}

/**
 * Of the mean of a Poisson count of which `count` was seen (Garwood 1936), in events; divide by the time for a rate.
 */
export function garwood(count: number): Bounds {
  // Far above any bound: the upper one is below count + 4 sqrt(count + 1) + 4.
  const most = count + 10 * Math.sqrt(count + 1) + 10;
  return {
    low: count === 0 ? 0 : root(0, count, (mean) => 1 - poissonUpTo(count - 1, mean) - TAIL),
    high: root(count, most, (mean) => TAIL - poissonUpTo(count, mean)),
  };
}

/** Chance of at most `hits` in `trials`: summed in logarithms, so that no term over- or underflows. */
function binomialUpTo(hits: number, trials: number, share: number): number {
  let logTerm = trials * Math.log1p(-share);
  let sum = Math.exp(logTerm);
  for (let count = 1; count <= hits; count++) {
    logTerm += Math.log((trials - count + 1) / count) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(logTerm);
  }
  return sum;
}

function poissonUpTo(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let events = 1; events <= count; events++) {
    logTerm += Math.log(mean / events);
    sum += Math.exp(logTerm);
  }
  return sum;
}

/** Where a rising function crosses 0, to the last bits. */
function root(low: number, high: number, rising: (at: number) => number): number {
  let [from, to] = [low, high];
  for (;;) {
    const middle = (from + to) / 2;
    if (middle <= from || middle >= to) return middle;
    if (rising(middle) < 0) from = middle;
    else to = middle;
  }
}
