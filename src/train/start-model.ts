import { type Config, threadsOf } from '../config/index.ts';
import { createModel, type Detector } from '../model/index.ts';
import { readRun, runStage } from '../runs/index.ts';
import { montageChannels } from '../signal/index.ts';
import { type Device, type Dtype, freeMemory, useOwnStream } from '../torch/index.ts';
import { loadInitialWeights, type WeightSource } from './initial-weights.ts';
import { precisionOf, setNumerics } from './numerics.ts';

/** The model of a training, on its device, and how it computes. */
export interface StartModel {
  readonly model: Detector;
  readonly precision: Dtype | null;
  readonly threads: number;
  /** Of the device, before the model was there. */
  readonly freeBytes: number;
  /** Where its weights are from, if not drawn; a resumed run's are in its checkpoint. */
  readonly weights: WeightSource | null;
}

/** Makes the model with the weights it starts from, and sets how this process computes. @throws InputError `TRAIN_INIT` */
export async function startModel(
  config: Config,
  { device, isResuming, processes }: { device: Device; isResuming: boolean; processes: number },
): Promise<StartModel> {
  const { training, resources, experiment } = config;
  // The thread count decides the last bits of sums: a resumed run keeps the one it was started with.
  const stored = isResuming ? await storedThreads(experiment.output_dir) : null;
  const threads = stored ?? threadsOf(resources, processes);
  setNumerics({ threads, isDeterministic: training.deterministic, hasTf32: training.tf32 });
  if (device === 'cuda' && processes === 1) useOwnStream(); // which a step can be recorded on as a graph
  const channels = montageChannels(config.preprocessing).length;
  const model = createModel(config.model, { channels, seed: experiment.seed });
  const weights = isResuming ? null : await fillInitially(config, model);
  const freeBytes = freeMemory(device) ?? process.availableMemory();
  model.to({ device });
  return { model, precision: precisionOf(device, training), threads, freeBytes, weights };
}

/** Weights of `training.init_from`; null where there are none to start from. @throws InputError `TRAIN_INIT` */
export async function fillInitially(
  { training }: Pick<Config, 'training'>,
  { store }: Detector,
): Promise<WeightSource | null> {
  return training.init_from === null ? null : await loadInitialWeights(training.init_from, store);
}

async function storedThreads(folder: string): Promise<number | null> {
  if ((await runStage(folder)) !== 'unfinished') return null;
  return (await readRun(folder)).sessions[0]?.environment.threads ?? null;
}
