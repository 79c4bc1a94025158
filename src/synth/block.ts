import { ELECTRODE_COUNT } from './head.ts';

/** A stretch of the recording that is being made, one data record long; reused for the next. */
export interface Block {
  /** Sample of the recording at which it begins. */
  start: number;
  readonly length: number;
  /** Hz */
  readonly rate: number;
  /** Potential of each electrode in microvolts, against infinity (head.ts): (E, length). */
  readonly electrodes: readonly Float64Array[];
  /** Work space of `length` samples, for whoever adds. */
  readonly work: Float64Array;
}

/** An empty block at the recording's start: `length` samples at `rate` Hz of every electrode. */
export function makeBlock(rate: number, length: number): Block {
  return {
    start: 0,
    length,
    rate,
    electrodes: Array.from({ length: ELECTRODE_COUNT }, () => new Float64Array(length)),
    work: new Float64Array(length),
  };
}

/** Something that adds to the electrodes' potentials while it lasts. Asked for each block it touches, in order. */
export interface Component {
  readonly startS: number;
  /** Exclusive. */
  readonly endS: number;
  add(block: Block): void;
}

/** Samples of a block, relative to it, that lie in `[startS, endS)`; `from >= to` where there are none. */
export function samplesWithin(
  { start, length, rate }: Block,
  { startS, endS }: Pick<Component, 'startS' | 'endS'>,
): { from: number; to: number } {
  return {
    from: Math.max(0, Math.ceil(startS * rate - start)),
    to: Math.min(length, Math.ceil(endS * rate - start)),
  };
}

/** Adds one source's samples `[from, to)` to every electrode by its weights `(E)`. */
export function deposit(
  block: Block,
  weights: Float64Array,
  samples: Float64Array,
  from: number,
  to: number,
): void {
  for (let electrode = 0; electrode < weights.length; electrode++) {
    const weight = weights[electrode]!;
    if (weight === 0) continue;
    const potential = block.electrodes[electrode]!;
    for (let t = from; t < to; t++) potential[t]! += weight * samples[t]!;
  }
}
