import type { Config } from '../config/index.ts';
import type { Device } from '../torch/index.ts';
import { type Memory, type Residency, residencyOf } from './residency.ts';

/** The situation in which a loader was too slow. */
export interface SlowLoader {
  readonly device: Device;
  readonly residency: Residency;
  /** Of the samples. */
  readonly bytes: number;
  readonly memory: Memory;
  /** Usable ones. */
  readonly cores: number;
  readonly epochBatches: number;
}

/** What would have to change so that the loader keeps up with the model, the most effective first. */
export function adviceOn(
  config: Pick<Config, 'data' | 'resources'>,
  { device, residency, bytes, memory, cores, epochBatches }: SlowLoader,
): string[] {
  const { data, resources } = config;
  const advice: string[] = [];
  const automatic = residencyOf({ data: { ...data, residency: 'auto' }, resources }, bytes, memory);
  if (residency !== automatic.residency && RANK[automatic.residency] > RANK[residency])
    advice.push(`Set data.residency to auto or ${automatic.residency}: ${automatic.reason}.`);
  if (residency === 'disk') {
    const useful = Math.min(cores, epochBatches);
    if (data.num_workers < useful)
      advice.push(
        `Raise data.num_workers from ${data.num_workers} to ${useful}, ${useful === cores ? 'the usable cores' : 'the batches of an epoch'}${data.num_workers === 0 ? ': with 0, windows are read between two steps' : ''}.`,
      );
    if (!data.persistent_workers && data.num_workers > 0)
      advice.push(
        `Set data.persistent_workers to true: readers are started anew each epoch of ${epochBatches} batches.`,
      );
  }
  if (residency !== 'device' && device !== 'cpu' && !data.pin_memory)
    advice.push('Set data.pin_memory to true: batches are then copied to the GPU while it computes.');
  if (advice.length === 0)
    advice.push(
      residency === 'device'
        ? 'The samples lie where the model computes already; a larger training.batch_size makes each gather count for more.'
        : `No setting is left that helps: the samples come from ${residency === 'disk' ? 'disk' : 'memory'} as fast as this machine allows. ${residency === 'disk' ? 'Use a faster disk, or more memory' : 'Use a GPU with more memory'}, so that auto chooses another residency.`,
    );
  return advice;
}

const RANK: Readonly<Record<Residency, number>> = { disk: 0, host: 1, device: 2 };
