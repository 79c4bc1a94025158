import type { ThresholdsInUse } from '../score/index.ts';
import type { Device } from '../torch/index.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import type { Predictor } from './predict.ts';
import { predictorOf } from './predict-set.ts';
import { thresholdsInUse } from './scored-set.ts';

/** A trained model, ready to predict recordings or a stream, and what a report says of it. */
export interface OpenedPredictor extends Omit<LoadedModel, 'model'> {
  readonly predictor: Predictor;
  /** What it was trained on; null where the checkpoint does not say. */
  readonly references: readonly string[] | null;
  readonly thresholds: ThresholdsInUse;
}

/**
 * @param checkpoint a checkpoint file, or a run folder
 * @throws InputError `CHECKPOINT_*`, `EVALUATE_CHECKPOINT`
 */
export async function openPredictor(checkpoint: string, device: Device): Promise<OpenedPredictor> {
  const loaded = await loadModel(checkpoint, device);
  const { config, path, sha256, state } = loaded;
  return {
    config,
    path,
    sha256,
    state,
    predictor: predictorOf(loaded, device),
    references: state.references,
    thresholds: thresholdsInUse(config.postprocessing.hysteresis, state.thresholds, null),
  };
}
