import { InputError } from '../errors.ts';
import type { Job } from '../places/index.ts';
import type { DataSource } from './sandboxes.ts';

/** What a run needs of the place, kept with its job. */
export interface Resources {
  readonly backend: 'sandbox' | 'function';
  /** As Modal names it, with its memory: `A100-80GB`; null: none. */
  readonly gpu: string | null;
  readonly cpu: number;
  readonly memory_mib: number;
  readonly timeout_s: number;
  /** Names of secrets. */
  readonly secrets: readonly string[];
  /** Recordings as the launching machine named them: whoever starts it again may name others, or none. */
  readonly data?: DataSource | null;
  /** Of the packed code, on the results' volume. */
  readonly code_path: string;
  /** Of its compiled bridge. */
  readonly bridge_path: string;
}

/** As they are kept with a job. */
export function resourcesOfJob({ place }: Pick<Job, 'place'>): Resources {
  return place as unknown as Resources;
}

/** Modal's limit for one container. */
export const LONGEST_S = 24 * 3600;
/** Before its end by the place, a run saves and ends by itself. */
export const SAVING_S = 300;

/**
 * Modal's list prices as of 2025, USD an hour, and the memory of one GPU in GiB; only to give an idea before money is spent.
 * https://modal.com/pricing has today's.
 */
const GPUS: Readonly<Record<string, { readonly price: number; readonly memoryGib: number }>> = {
  T4: { price: 0.59, memoryGib: 16 },
  L4: { price: 0.8, memoryGib: 24 },
  A10G: { price: 1.1, memoryGib: 24 },
  L40S: { price: 1.95, memoryGib: 48 },
  'A100-40GB': { price: 2.1, memoryGib: 40 },
  'A100-80GB': { price: 2.5, memoryGib: 80 },
  H100: { price: 3.95, memoryGib: 80 },
  H200: { price: 4.54, memoryGib: 141 },
  B200: { price: 6.25, memoryGib: 180 },
};
const CORE_PRICE = 0.135;
const GIB_PRICE = 0.024;

/** GPU and how many, of `H100:2`. @throws InputError `MODAL_GPU` for one whose size is not certain */
export function gpuOf(text: string): {
  readonly name: string;
  readonly count: number;
  readonly memoryGib: number;
} {
  const [, name = '', count = '1'] = /^([\w-]+)(?::(\d+))?$/.exec(text) ?? [];
  const known = GPUS[name];
  if (known === undefined)
    throw new InputError(
      'MODAL_GPU',
      `--gpu ${text}: expected one of ${Object.keys(GPUS).join(', ')}, with :N for several.${name === 'A100' ? ' A100 alone may be of 40 or of 80 GB.' : ''}`,
    );
  return { name, count: Number(count), memoryGib: known.memoryGib };
}

/** USD an hour, by list price. */
export function pricePerHour({
  gpu,
  cpu,
  memory_mib,
}: Pick<Resources, 'gpu' | 'cpu' | 'memory_mib'>): number {
  const { name, count } = gpu === null ? { name: '', count: 0 } : gpuOf(gpu);
  return count * (GPUS[name]?.price ?? 0) + cpu * CORE_PRICE + (memory_mib / 1024) * GIB_PRICE;
}
