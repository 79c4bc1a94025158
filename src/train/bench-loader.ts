import type { Manifest } from '../cache/index.ts';
import { type Config, checkDevice, resolvedDevice, threadsOf, usableCores } from '../config/index.ts';
import { type Dataset, datasetOf } from '../data/index.ts';
import { createModel } from '../model/index.ts';
import { montageChannels } from '../signal/index.ts';
import { type Device, freeMemory, isCudaAvailable, scope, synchronize } from '../torch/index.ts';
import { adviceOn } from './loader-advice.ts';
import { type Measuring, measureLoader, measureSteps } from './loader-rates.ts';
import { lossFrom } from './loss-settings.ts';
import { precisionOf, setNumerics } from './numerics.ts';
import {
  corpusBytes,
  diskWindows,
  hostMemory,
  type Memory,
  type PlacedWindows,
  placeWindows,
  type Residency,
} from './residency.ts';
import { stepParts } from './step-parts.ts';
import { trainable } from './trainable.ts';
import { openSplit } from './training-data.ts';

/** What was measured, for `--json`; rates are windows a second. */
export interface LoaderReport {
  readonly device: Device;
  readonly residency: Residency;
  /** Why the samples are there. */
  readonly residency_reason: string;
  readonly batch_size: number;
  /** Batches a step takes. */
  readonly gradient_accumulation_steps: number;
  readonly window_samples: number;
  readonly channels: number;
  /** Of an epoch. */
  readonly windows: number;
  readonly settings: Readonly<
    Pick<Config['data'], 'num_workers' | 'prefetch_factor' | 'persistent_workers' | 'pin_memory'>
  >;
  readonly loader: {
    /** Until the first batch could be asked for: reading samples into memory, where they are kept there. */
    readonly opening_s: number;
    readonly batches: number;
    readonly windows: number;
    readonly seconds: number;
    readonly windows_per_s: number;
  };
  readonly model: {
    readonly steps: number;
    readonly windows: number;
    readonly seconds: number;
    readonly windows_per_s: number;
  };
  /** What the loader delivers over what the model needs. */
  readonly headroom: number;
  /** Share of its time that a training would wait for batches. */
  readonly waiting_share: number;
  /** What would have to change; empty where the loader suffices. */
  readonly advice: readonly string[];
}

export interface LoaderBenchmark extends Measuring {
  readonly isManifestRebuildForced: boolean;
  /** Takes each sentence that is worth a word. */
  readonly say: (sentence: string) => void;
}

/**
 * Measures what a training's own source of windows delivers to where its step needs them, and what its steps consume:
 * a few real ones, on random windows, whose results are thrown away. Writes no run.
 *
 * @throws InputError for anything in configuration or cache that training would refuse
 */
export async function benchLoader(benchmark: LoaderBenchmark): Promise<LoaderReport> {
  const { config, isManifestRebuildForced, say } = benchmark;
  const cudaAvailable = isCudaAvailable();
  for (const { message } of checkDevice(config, { cudaAvailable })) say(message);
  const device = resolvedDevice(config, { cudaAvailable });
  const { manifest, set } = await openSplit(config, 'train', {
    isRebuildForced: isManifestRebuildForced,
    say,
  });
  const { dataset } = datasetOf(set, config.experiment.seed, config.data);
  const { training, resources } = config;
  setNumerics({
    threads: threadsOf(resources),
    isDeterministic: training.deterministic,
    hasTf32: training.tf32,
  });
  const memory = { host: hostMemory(), device: freeMemory(device) };
  const opened = benchmark.now();
  const placed = await placeWindows(config, set, device, memory);
  using _windows = placed.windows;
  synchronize(device);
  const openingS = (benchmark.now() - opened) / 1000;
  return scope(() => measure(benchmark, device, dataset, manifest, { ...placed, memory, openingS }));
}

/** Settings of the reader threads. */
export type ReaderSettings = Pick<Config['data'], 'num_workers' | 'persistent_workers' | 'prefetch_factor'>;

/**
 * Measures the windows a second that reader threads deliver from disk to the host's memory, for any settings. Nothing is
 * computed and no GPU is touched, so that it may be asked beside a run.
 *
 * @param seconds of each measurement
 * @throws InputError as {@link benchLoader}
 */
export async function openProbe(
  config: Config,
  seconds: number,
): Promise<(settings: ReaderSettings) => number> {
  const { set } = await openSplit(config, 'train');
  const { dataset } = datasetOf(set, config.experiment.seed, config.data);
  return (settings) => {
    const data = { ...config.data, residency: 'disk' as const, ...settings };
    const measuring = { config: { ...config, data }, seconds, now: () => performance.now() };
    return scope(() => {
      using windows = diskWindows(measuring.config, set, 'cpu');
      return measureLoader(measuring, windows, dataset, 'cpu').windows_per_s;
    });
  };
}

function measure(
  benchmark: Measuring,
  device: Device,
  dataset: Dataset,
  manifest: Manifest,
  { windows, residency, reason, memory, openingS }: PlacedWindows & { memory: Memory; openingS: number },
): LoaderReport {
  const { data, training, experiment, preprocessing, model: modelConfig } = benchmark.config;
  const { set } = dataset;
  const channels = montageChannels(preprocessing).length;
  const model = createModel(modelConfig, { channels, seed: experiment.seed }).to({ device });
  const delivered = measureLoader(benchmark, windows, dataset, device);
  const parts = stepParts(benchmark.config, {
    model: trainable(model, experiment.seed),
    device,
    precision: precisionOf(device, training),
    loss: lossFrom(training, manifest),
  });
  using _ring = parts.ring;
  const shape = [training.batch_size, set.shape.length, channels] as const;
  const consumed = measureSteps(benchmark, parts, shape, device);

  const headroom = delivered.windows_per_s / consumed.windows_per_s;
  const windowsInEpoch = dataset.order(0).length;
  return {
    device,
    residency,
    residency_reason: reason,
    batch_size: training.batch_size,
    gradient_accumulation_steps: training.gradient_accumulation_steps,
    window_samples: set.shape.length,
    channels,
    windows: windowsInEpoch,
    settings: {
      num_workers: data.num_workers,
      prefetch_factor: data.prefetch_factor,
      persistent_workers: data.persistent_workers,
      pin_memory: data.pin_memory,
    },
    loader: { opening_s: openingS, ...delivered },
    model: consumed,
    headroom,
    waiting_share: waitingShare(headroom, residency === 'disk' && data.num_workers > 0),
    advice:
      headroom >= 1
        ? []
        : adviceOn(benchmark.config, {
            device,
            residency,
            bytes: corpusBytes(set),
            memory,
            cores: usableCores(),
            epochBatches: Math.ceil(windowsInEpoch / training.batch_size),
          }),
  };
}

/**
 * Share of a training's time that goes by waiting: readers work while the step before computes, and all else is asked
 * for between two steps.
 */
export function waitingShare(headroom: number, isAhead: boolean): number {
  return isAhead ? Math.max(0, 1 - headroom) : 1 / (1 + headroom);
}
