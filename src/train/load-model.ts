import { type Config, configSchema } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { createModel, type Detector } from '../model/index.ts';
import { type CheckpointState, loadCheckpoint } from '../runs/index.ts';
import { montageChannels } from '../signal/index.ts';
import type { Device } from '../torch/index.ts';
import { fillModel } from './initial-weights.ts';

/** A trained model, as a checkpoint holds it. */
export interface LoadedModel {
  /** The configuration it was trained with; its thresholds are the frozen ones where they were tuned. */
  readonly config: Config;
  readonly model: Detector;
  /** The checkpoint's JSON file. */
  readonly path: string;
  /** SHA-256 of its tensors. */
  readonly sha256: string;
  readonly state: CheckpointState;
}

/**
 * A model and its configuration, as a checkpoint holds them; the averaged weights where there are, and the thresholds that
 * were frozen in it where they were tuned.
 *
 * @throws InputError `CHECKPOINT_*`, `EVALUATE_CHECKPOINT`
 */
export async function loadModel(path: string, device: Device): Promise<LoadedModel> {
  await using checkpoint = await loadCheckpoint(path);
  const { path: file, sha256, state, tensors } = checkpoint;
  const config = configIn(state, file);
  const channels = montageChannels(config.preprocessing).length;
  const model = createModel(config.model, { channels, seed: 0 });
  await fillModel(tensors, model.store);
  return { config, model: model.to({ device }), path: file, sha256, state };
}

function configIn(state: CheckpointState, path: string): Config {
  const parsed = configSchema.safeParse(state.loop.config);
  if (!parsed.success)
    throw new InputError(
      'EVALUATE_CHECKPOINT',
      `${path} holds no configuration that this bgb reads: ${parsed.error.issues[0]!.message}. Evaluate it with the version that saved it, ${state.code_version}.`,
    );
  const config = parsed.data;
  if (state.thresholds === null) return config;
  const { postprocessing } = config;
  const hysteresis = { ...postprocessing.hysteresis, ...state.thresholds.values };
  return { ...config, postprocessing: { ...postprocessing, hysteresis } };
}
