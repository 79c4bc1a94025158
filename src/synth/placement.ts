import { BgbError } from '../errors.ts';
import type { Draws } from './draws.ts';

/** Events that follow each other at once, then a break. */
export interface Unit<Item> {
  readonly items: readonly { readonly item: Item; readonly durationS: number }[];
  /** s without an event, at least, after it */
  readonly breakS: number;
}

/** s at both ends without an event */
export const EDGE_S = 6;

/**
 * Puts units into a recording in random order, with the time that is left divided at random between them (exponential
 * parts, as a Poisson process divides it). Starts are whole multiples of 0.1 ms.
 *
 * @returns in time
 */
export function place<Item>(
  draws: Draws,
  units: readonly Unit<Item>[],
  durationS: number,
): { item: Item; startS: number }[] {
  const usedS = units.reduce(
    (sum, { items, breakS }) => sum + items.reduce((total, item) => total + item.durationS, breakS),
    0,
  );
  const freeS = durationS - 2 * EDGE_S - usedS;
  if (freeS < 0)
    throw new BgbError(
      'SYNTH_PLACEMENT',
      `${units.length} events of ${usedS.toFixed(0)} s in all do not fit a recording of ${durationS} s.`,
    );
  const parts = Array.from({ length: units.length + 1 }, () => -Math.log(draws.uniform()));
  const all = parts.reduce((sum, part) => sum + part, 0);
  const placed: { item: Item; startS: number }[] = [];
  let timeS = EDGE_S;
  for (const [index, { items, breakS }] of draws.shuffled(units).entries()) {
    timeS += (freeS * parts[index]!) / all;
    for (const { item, durationS: lengthS } of items) {
      placed.push({ item, startS: Math.floor(timeS * 1e4) / 1e4 });
      timeS += lengthS;
    }
    timeS += breakS;
  }
  return placed;
}
