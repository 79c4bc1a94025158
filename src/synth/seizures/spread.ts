import type { Draws } from '../draws.ts';
import { patchField } from '../event-context.ts';
import { directionOf, dot, SCALP } from '../head.ts';

/** A place that a seizure reaches. */
export interface SpreadSite {
  readonly electrode: string;
  readonly field: Float64Array;
  /** s after onset */
  readonly delayS: number;
  /** s, until it is at its loudest */
  readonly riseS: number;
  /** Against the loudest site. */
  readonly level: number;
  /** s, by which its waves come later than the focus's */
  readonly lagS: number;
}

/** Shortest and longest time from onset to the loudest, in seconds. */
const RISE_S = [5, 15] as const;

/**
 * From the focus to places nearby, then to the other side: each later, further and on its own.
 *
 * @param count places, the focus included
 */
export function drawSpread(draws: Draws, focus: string, count: number, durationS: number): SpreadSite[] {
  const order = [focus, ...othersByNearness(draws, focus)].slice(0, count);
  const delays = order.slice(1).map(() => durationS * draws.between(0.08, 0.6));
  delays.sort((a, b) => a - b);
  return order.map((electrode, index) => {
    const delayS = index === 0 ? 0 : delays[index - 1]!;
    return {
      electrode,
      field: patchField(electrode, draws.part(index)),
      delayS,
      riseS: Math.min(draws.between(...RISE_S), 0.4 * durationS, 0.8 * (durationS - delayS)),
      level: index === 0 ? 1 : draws.between(0.5, 1),
      lagS: index === 0 ? 0 : draws.between(0.005, 0.03),
    };
  });
}

/** Nearest first, with some chance. */
function othersByNearness(draws: Draws, focus: string): string[] {
  const at = directionOf(focus);
  return SCALP.filter((name) => name !== focus)
    .map((name) => ({ name, nearness: dot(directionOf(name), at) + 0.25 * draws.normal() }))
    .sort((a, b) => b.nearness - a.nearness)
    .map(({ name }) => name);
}

/** Both sides at once, strongest in front: no place is much later than another. */
export function drawGeneralised(draws: Draws, riseS: number): SpreadSite[] {
  return ['Fz', 'F3', 'F4', 'Cz', 'C3', 'C4', 'P3', 'P4'].map((electrode, index) => ({
    electrode,
    field: patchField(electrode, draws.part(index)),
    delayS: draws.between(0, 0.3),
    riseS,
    level:
      (electrode.startsWith('F') ? 1 : electrode.startsWith('C') ? 0.75 : 0.45) * draws.between(0.8, 1.2),
    lagS: draws.between(0, 0.01),
  }));
}
