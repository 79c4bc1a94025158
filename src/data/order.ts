import { hash32 } from '../random/index.ts';

/**
 * The numbers 0 to `count` - 1 in an order that is a pure function of (seed, epoch, data-set hash): the same on
 * every machine, for every number of loader processes, and without state to resume. Fisher and Yates' shuffle
 * (Knuth, The Art of Computer Programming, 3.4.2) on counter-based draws.
 */
export function epochOrder(seed: number, epoch: number, dataHash: string, count: number): Uint32Array {
  const data = Number.parseInt(dataHash.slice(0, 8), 16) >>> 0;
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor((hash32(seed, ORDER, data, epoch, last) / 2 ** 32) * (last + 1));
    const held = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = held;
  }
  return order;
}

/** Keeps the order apart from other draws with the same seed. */
const ORDER = 5;
