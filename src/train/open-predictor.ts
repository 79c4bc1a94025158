import { threadsOf } from '../config/index.ts';
import type { Device } from '../torch/index.ts';
import { loadModel } from './evaluate-checkpoint.ts';
import { precisionOf, setNumerics } from './numerics.ts';
import type { Predictor } from './predict.ts';

/**
 * A trained model, ready to predict recordings or a stream, and what it was saved with.
 *
 * @param checkpoint a checkpoint file, or a run folder
 * @throws InputError `CHECKPOINT_*`, `EVALUATE_CHECKPOINT`
 */
export async function openPredictor(checkpoint: string, device: Device) {
  const { config, model, path, sha256, references } = await loadModel(checkpoint, device);
  setNumerics({ threads: threadsOf(config.resources), isDeterministic: true, hasTf32: config.training.tf32 });
  const predictor: Predictor = {
    forward: (signal) => model.forward(signal),
    device,
    precision: precisionOf(device, config.training),
    // Windows of a minute are faster one by one on a processor (bench/RESULTS.md), and a stream has one at a time.
    batchSize: device === 'cpu' ? 1 : config.training.batch_size,
  };
  return { config, predictor, path, sha256, references };
}
