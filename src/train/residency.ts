import { totalmem } from 'node:os';
import { type Config, usableCores } from '../config/index.ts';
import { loadCorpusInThreads, type ReaderSettings, type WindowSet } from '../data/index.ts';
import { InputError } from '../errors.ts';
import type { Device } from '../torch/index.ts';
import { DeviceWindows } from './device-windows.ts';
import { DiskWindows } from './disk-windows.ts';
import { Pinning } from './pinning.ts';
import type { Windows } from './windows.ts';

/** Where the samples of a split are kept while training reads them. */
export type Residency = 'device' | 'host' | 'disk';

/** Windows, and where they are. */
export interface PlacedWindows {
  readonly windows: Windows;
  readonly residency: Residency;
  /** The choice in a sentence. */
  readonly reason: string;
}

/** Memory that there is, in bytes. */
export interface Memory {
  readonly host: number;
  /** Free memory of the GPU; null where the CPU computes. */
  readonly device: number | null;
}

/** What this process may use: the machine's memory, or less where a container says so. */
export function hostMemory(): number {
  // Without a limit the number is one of the kernel's largest.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Signal and labels of a split. */
export function corpusBytes({
  recordingRows,
  channels,
}: Pick<WindowSet, 'recordingRows' | 'channels'>): number {
  return recordingRows.reduce((sum, rows) => sum + rows, 0) * (2 * channels + 1);
}

/**
 * `data.residency`; `auto` takes the device where the samples fit into half of what is free there, else the host's
 * memory where they fit into half of that, else disk. On their way to a GPU they are in the host's memory as a whole.
 *
 * @throws InputError `DATA_RESIDENCY` for a choice that cannot hold the samples
 */
export function residencyOf(
  { data, resources }: Pick<Config, 'data' | 'resources'>,
  bytes: number,
  memory: Memory,
): { residency: Residency; reason: string } {
  const host = Math.min(memory.host, (resources.max_memory_gb ?? Infinity) * 2 ** 30);
  const gib = (size: number) =>
    size < 2 ** 30 / 10 ? `${(size / 2 ** 20).toFixed(1)} MiB` : `${(size / 2 ** 30).toFixed(1)} GiB`;
  if (data.residency !== 'auto') {
    const room = { device: Math.min(memory.device ?? host, host), host, disk: Infinity }[data.residency];
    if (bytes > room)
      throw new InputError(
        'DATA_RESIDENCY',
        `data.residency is ${data.residency}, but the windows' recordings have ${gib(bytes)} and ${gib(room)} are there. Choose auto or disk.`,
      );
    return { residency: data.residency, reason: 'as data.residency says' };
  }
  if (memory.device !== null && bytes <= Math.min(memory.device / 2, host))
    return {
      residency: 'device',
      reason: `${gib(bytes)} fit into half of the ${gib(memory.device)} free on the GPU`,
    };
  if (bytes <= host / 2)
    return {
      residency: memory.device === null ? 'device' : 'host',
      reason: `${gib(bytes)} fit into half of the ${gib(host)} of memory`,
    };
  return { residency: 'disk', reason: `${gib(bytes)} do not fit into half of the ${gib(host)} of memory` };
}

/**
 * Opens a split's windows where {@link residencyOf} puts them.
 *
 * @param options.say is told, while training, of pinned memory that the system does not give
 * @param options.processes of this machine that do the same at once
 * @throws InputError `DATA_RESIDENCY`, `CACHE_*`
 */
export async function placeWindows(
  config: Pick<Config, 'data' | 'resources' | 'training'>,
  set: WindowSet,
  device: Device,
  memory: Memory,
  {
    say = () => undefined,
    processes = 1,
  }: { readonly say?: (sentence: string) => void; readonly processes?: number } = {},
): Promise<PlacedWindows> {
  const { residency, reason } = residencyOf(config, corpusBytes(set), memory);
  const pinning = new Pinning(config.data.pin_memory && device !== 'cpu', say);
  if (residency === 'disk') return { windows: diskWindows(config, set, device, pinning), residency, reason };
  const corpus = await loadCorpusInThreads(set, readingThreads(usableCores(), processes));
  const windows = new DeviceWindows(corpus, residency === 'device' ? device : 'cpu', device, pinning);
  return { windows, residency, reason };
}

/** Windows that stay on disk. */
export function diskWindows(
  config: Pick<Config, 'data' | 'training'>,
  set: WindowSet,
  device: Device,
  pinning?: Pinning,
): DiskWindows {
  return new DiskWindows(set, readerSettings(config, set.windows.length), device, pinning);
}

/** That read the corpus: more than a disk needs to be busy. */
const MOST_THREADS = 8;

/** Threads of each of so many processes that read the corpus at once. */
export function readingThreads(cores: number, processes: number): number {
  return Math.max(1, Math.min(MOST_THREADS, Math.floor(cores / processes)));
}

/** PyTorch's default where `data.prefetch_factor` is null. */
const PREFETCH = 2;

function readerSettings(
  { data, training }: Pick<Config, 'data' | 'training'>,
  windows: number,
): ReaderSettings {
  return {
    workers: data.num_workers,
    prefetch: data.prefetch_factor ?? PREFETCH,
    isPersistent: data.persistent_workers,
    batchSize: Math.min(training.batch_size, windows),
  };
}
