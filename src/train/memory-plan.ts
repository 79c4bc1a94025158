import type { Config } from '../config/index.ts';
import {
  fittingBatch,
  type ModelCost,
  modelCost,
  type Precision,
  type TrainingMemory,
  trainingMemory,
} from '../model/index.ts';
import { montageChannels } from '../signal/index.ts';
import { isCudaAvailable, kernelsMissing } from '../torch/index.ts';
import { precisionOf } from './numerics.ts';

/** What a configuration's model costs, and what of it fits somewhere. */
export interface MemoryPlan {
  readonly precision: Precision;
  /** Channels and samples of a window. */
  readonly window: { readonly channels: number; readonly samples: number };
  readonly cost: ModelCost;
  readonly memory: TrainingMemory;
  /** Windows that the free memory holds at once in training. */
  readonly fitting: number;
}

/** float32 values that each optimiser keeps for a weight. */
const STATES = { adamw: 2, sgd: 1 } as const;

/**
 * Plans a training's memory, without making the model.
 *
 * @param freeBytes of the device, before anything of the model is there
 * @throws InputError `MODEL_LENGTH`
 */
export function planMemory(
  { data, preprocessing, model, training }: Pick<Config, 'data' | 'preprocessing' | 'model' | 'training'>,
  device: 'cpu' | 'cuda',
  freeBytes: number,
): MemoryPlan {
  const precision = precisionOf(device, training) === null ? 'float32' : 'bfloat16';
  const window = {
    channels: montageChannels(preprocessing).length,
    samples: Math.round(data.window_size * data.sampling_rate),
  };
  // Where the GPU is elsewhere, it is taken for one that runs them.
  const hasKernels = device === 'cuda' && (!isCudaAvailable() || kernelsMissing() === null);
  const { channels, samples: length } = window;
  const cost = modelCost(model, { channels, length, precision, hasKernels });
  const memory = trainingMemory(cost, {
    states: STATES[training.optimizer],
    hasAverage: training.ema_decay !== null,
    precision,
  });
  return { precision, window, cost, memory, fitting: fittingBatch(freeBytes, memory) };
}
