import type { Detector } from '../model/index.ts';
import type { TrainableModel } from './loop.ts';

/** A detector as training sees it. */
export function trainable(model: Detector, seed: number): TrainableModel {
  return {
    parameters: () => model.parameters(),
    buffers: () => model.buffers(),
    forwardTraining: ({ signal, samples }, step, peers = null) =>
      model.forward(signal, { isTraining: true, seed, step, samples, peers }),
  };
}
