import { BgbError } from '../errors.ts';
import type { BlockExtremes } from './block-extremes.ts';
import type { Run } from './runs.ts';

export interface Hysteresis {
  /** Turns on at a run of samples with p >= tauOn ... */
  readonly tauOn: number;
  /** ... and off at a run of samples with p < tauOff. */
  readonly tauOff: number;
  /** Lengths of these runs; 0 counts as 1. */
  readonly minOnsetSamples: number;
  readonly minOffsetSamples: number;
}

/**
 * Two thresholds over a curve `(T)`, in one pass. A run starts at the first of `minOnsetSamples` consecutive
 * samples with p >= tauOn. It ends, exclusive, at the sample that completes `minOffsetSamples` consecutive
 * samples with p < tauOff; those before it stay on. Where tauOff lies above tauOn, samples that were already
 * high when the state turned off do not start a new run.
 *
 * @param extremes of the same curve: with them, stretches in which nothing can happen are passed over
 * @throws BgbError `POST_NAN`: a comparison with NaN is always false, so an event would never end
 */
export function hysteresis(
  probabilities: ArrayLike<number>,
  settings: Hysteresis,
  extremes: BlockExtremes | null = null,
): Run[] {
  const { tauOn, tauOff } = settings;
  const onset = Math.max(1, settings.minOnsetSamples);
  const offset = Math.max(1, settings.minOffsetSamples);
  const runs: Run[] = [];
  let start = -1;
  let high = 0;
  let low = 0;
  let isStale = false;
  for (let index = 0; index < probabilities.length; index++) {
    if (extremes?.isAligned(index)) {
      const end = start < 0 ? extremes.endOfBelow(index, tauOn) : extremes.endOfAtLeast(index, tauOff);
      if (end > index) {
        high = 0;
        low = 0;
        isStale = false;
        if (end === probabilities.length) break;
        index = end;
      }
    }
    const probability = probabilities[index]!;
    if (Number.isNaN(probability)) {
      throw new BgbError('POST_NAN', `Expected probabilities, found NaN at sample ${index} of the curve.`);
    }
    if (start < 0) {
      if (probability < tauOn) {
        high = 0;
        isStale = false;
      } else if (!isStale && ++high === onset) {
        start = index - onset + 1;
        low = 0;
      }
    } else if (probability >= tauOff) {
      low = 0;
    } else if (++low === offset) {
      runs.push({ start, end: index });
      start = -1;
      high = 0;
      isStale = probability >= tauOn;
    }
  }
  if (start >= 0) runs.push({ start, end: probabilities.length });
  return runs;
}
