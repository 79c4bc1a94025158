import type { Config } from '../config/index.ts';
import type { Tensor } from '../torch/index.ts';
import { AdamW } from './adamw.ts';
import type { FlatParameters } from './flat-parameters.ts';
import { Sgd } from './sgd.ts';

/** What turns gradients into new weights, wholly on the device. */
export interface Optimizer {
  /**
   * One step on the gradients in the buffers.
   *
   * @param learningRate () float32
   * @param isSound () bool; where false, parameters and state stay as they are
   */
  step(learningRate: Tensor, isSound: Tensor): void;
  /** The state that a checkpoint holds beside the weights, by name. */
  state(): Map<string, Tensor>;
}

/** The optimiser that `training.optimizer` names. Weight decay applies to matrices and kernels only (failures F5). */
export function createOptimizer(
  { optimizer, weight_decay, momentum }: Config['training'],
  parameters: FlatParameters,
): Optimizer {
  return optimizer === 'sgd'
    ? new Sgd(parameters, { weightDecay: weight_decay, momentum })
    : new AdamW(parameters, { weightDecay: weight_decay });
}
