import type { Config } from '../config/index.ts';
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
export class EEGWindowDataset implements Dataset {
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

/** `data.balance`. */
export type Balance = Config['data']['balance'];

/**
 * Every window with part of a seizure, and of those full of it and without any so many for each partial one as
 * `data.balance` says (failures E8); fewer where there are not so many. Drawn with the seed, without replacement;
 * anew each epoch where `redraw_each_epoch` says so, which shows training the background that one draw leaves out.
 * The counts come from the manifest, never from a sample of windows (failures E1).
 */
export class BalancedSeizureDataset implements Dataset {
  readonly set: WindowSet;
  readonly composition: Readonly<Record<WindowCategory, number>>;
  readonly #seed: number;
  readonly #redraws: boolean;
  readonly #byCategory: Readonly<Record<WindowCategory, readonly number[]>>;

  /** @throws InputError `DATA_UNBALANCED` without partial windows; it never falls back (failures E7) */
  constructor(set: WindowSet, seed: number, balance: Balance) {
    const indices = (category: WindowCategory) =>
      set.windows.flatMap((window, index) => (window.category === category ? [index] : []));
    this.#byCategory = {
      partial_seizure: indices('partial_seizure'),
      full_seizure: indices('full_seizure'),
      no_seizure: indices('no_seizure'),
    };
    const partial = this.#byCategory.partial_seizure.length;
    const full = this.#byCategory.full_seizure.length;
    if (partial === 0)
      throw new InputError(
        'DATA_UNBALANCED',
        `data.use_balanced_sampling draws for each window with part of a seizure, and none of the ${set.windows.length} windows in ${set.folder} is one. ${full > 0 ? `${full} are full of it, but data.balance.full_ratio (${balance.full_ratio}) times none is none: change the ratio of data.window_size to data.stride, with a longer window or a shorter stride, so that windows reach over the ends of seizures; or set` : 'Set'} data.use_balanced_sampling to false, or allow the plain set with data.allow_unbalanced_fallback.`,
      );
    this.set = set;
    this.#seed = seed;
    this.#redraws = balance.redraw_each_epoch;
    this.composition = {
      partial_seizure: partial,
      full_seizure: Math.min(Math.round(balance.full_ratio * partial), full),
      no_seizure: Math.min(
        Math.round(balance.background_ratio * partial),
        this.#byCategory.no_seizure.length,
      ),
    };
  }

  order(epoch: number): Uint32Array {
    const { dataHash } = this.set;
    const draw = this.#redraws ? epoch : 0;
    const drawn = (['partial_seizure', 'full_seizure', 'no_seizure'] as const).flatMap((category, index) => {
      const all = this.#byCategory[category];
      const order = epochOrder(this.#seed, draw * 4 + index + 1, dataHash, all.length);
      return Array.from(order.subarray(0, this.composition[category]), (at) => all[at]!);
    });
    return epochOrder(this.#seed, epoch * 4, dataHash, drawn.length).map((at) => drawn[at]!);
  }
}

/** The data set that a configuration asks for, and whether it is not the one it would rather have. */
export function datasetOf(
  set: WindowSet,
  seed: number,
  { use_balanced_sampling, balance, allow_unbalanced_fallback }: Config['data'],
): { dataset: Dataset; isFallback: boolean } {
  if (!use_balanced_sampling) return { dataset: new EEGWindowDataset(set, seed), isFallback: false };
  try {
    return { dataset: new BalancedSeizureDataset(set, seed, balance), isFallback: false };
  } catch (error) {
    if (!allow_unbalanced_fallback || !(error instanceof InputError)) throw error;
    return { dataset: new EEGWindowDataset(set, seed), isFallback: true };
  }
}

function countByCategory(windows: readonly Window[]): Record<WindowCategory, number> {
  const counts = { partial_seizure: 0, full_seizure: 0, no_seizure: 0 };
  for (const { category } of windows) counts[category]++;
  return counts;
}
