import { InputError } from '../errors.ts';
import { epochOrder } from './order.ts';
import type { Window, WindowCategory, WindowSet } from './windows.ts';

/** What an epoch consists of. */
export interface Dataset {
  readonly set: WindowSet;
  /** Windows an epoch holds, by category. */
  readonly composition: Readonly<Record<WindowCategory, number>>;
  /** Indices into `set.windows`, in the order of this epoch (0 is the first). */
  order(epoch: number): Uint32Array;
}

/** All windows of a split, shuffled anew each epoch. */
export class WindowDataset implements Dataset {
  readonly set: WindowSet;
  readonly composition: Readonly<Record<WindowCategory, number>>;
  readonly #seed: number;

  constructor(set: WindowSet, seed: number) {
    this.set = set;
    this.composition = countByCategory(set.windows);
    this.#seed = seed;
  }

  order(epoch: number): Uint32Array {
    return epochOrder(this.#seed, epoch, this.set.dataHash, this.set.windows.length);
  }
}

/** Windows an epoch draws for each partial one (failures E8). */
const SHARES = { full_seizure: 0.3, no_seizure: 2.5 } as const;

/**
 * Every window with part of a seizure, 0.3 times as many full ones and 2.5 times as many without, drawn anew
 * each epoch without replacement; fewer where there are not so many. The counts come from the manifest, never
 * from a sample of windows (failures E1).
 */
export class BalancedSeizureDataset implements Dataset {
  readonly set: WindowSet;
  readonly composition: Readonly<Record<WindowCategory, number>>;
  readonly #seed: number;
  readonly #byCategory: Readonly<Record<WindowCategory, readonly number[]>>;

  /** @throws InputError `DATA_UNBALANCED` without partial windows; it never falls back (failures E7) */
  constructor(set: WindowSet, seed: number) {
    const indices = (category: WindowCategory) =>
      set.windows.flatMap((window, index) => (window.category === category ? [index] : []));
    this.#byCategory = {
      partial_seizure: indices('partial_seizure'),
      full_seizure: indices('full_seizure'),
      no_seizure: indices('no_seizure'),
    };
    const partial = this.#byCategory.partial_seizure.length;
    if (partial === 0)
      throw new InputError(
        'DATA_UNBALANCED',
        `data.use_balanced_sampling needs windows with part of a seizure, and none of the ${set.windows.length} windows in ${set.folder} is one. Set data.use_balanced_sampling to false, or use other windows.`,
      );
    this.set = set;
    this.#seed = seed;
    this.composition = {
      partial_seizure: partial,
      full_seizure: Math.min(Math.round(SHARES.full_seizure * partial), this.#byCategory.full_seizure.length),
      no_seizure: Math.min(Math.round(SHARES.no_seizure * partial), this.#byCategory.no_seizure.length),
    };
  }

  order(epoch: number): Uint32Array {
    const { dataHash } = this.set;
    const drawn = (['partial_seizure', 'full_seizure', 'no_seizure'] as const).flatMap((category, index) => {
      const all = this.#byCategory[category];
      const order = epochOrder(this.#seed, epoch * 4 + index + 1, dataHash, all.length);
      return Array.from(order.subarray(0, this.composition[category]), (at) => all[at]!);
    });
    return epochOrder(this.#seed, epoch * 4, dataHash, drawn.length).map((at) => drawn[at]!);
  }
}

function countByCategory(windows: readonly Window[]): Record<WindowCategory, number> {
  const counts = { partial_seizure: 0, full_seizure: 0, no_seizure: 0 };
  for (const { category } of windows) counts[category]++;
  return counts;
}
