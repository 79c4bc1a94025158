import type { Draws } from '../draws.ts';

/** How loud an event is, times the background's root mean square, and what is left of the background meanwhile. */
export interface Loudness {
  /** At the event's loudest. */
  readonly ratio: number;
  readonly backgroundDuring: number;
  /** Never above 1.5 times the background. */
  readonly isQuiet: boolean;
}

/**
 * @param quietShare probability that the event is hidden in the background's amplitude
 * @param loud ratio of the others, log-uniform
 */
export function drawLoudness(draws: Draws, quietShare: number, loud: readonly [number, number]): Loudness {
  const isQuiet = draws.isTrue(quietShare);
  if (isQuiet) {
    const ratio = draws.between(0.8, 1.12);
    return { ratio, backgroundDuring: ratio * draws.between(0.5, 0.7), isQuiet };
  }
  const ratio = draws.logBetween(...loud);
  return { ratio, backgroundDuring: draws.between(0.6, 0.95), isQuiet };
}
