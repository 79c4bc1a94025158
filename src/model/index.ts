/**
 * The detectors that `model.name` can ask for.
 *
 * ```ts
 * const model = createModel(config.model, { channels: 19, seed: 42 });
 * model.forward(signal); // (B, T, C) -> logits (B, T)
 * ```
 */
import type { Config } from '../config/index.ts';
import { Detector, type DetectorOptions } from './detector.ts';

export { type LayerCost, type ModelCost, modelCost, type Precision } from './cost.ts';
export { Detector, type DetectorOptions, type FixedDetector } from './detector.ts';

export { fittingBatch, type TrainingMemory, trainingMemory } from './memory.ts';

/** Makes the model that a configuration describes, with first weights that are a function of the seed. */
export function createModel(config: Config['model'], options: DetectorOptions): Detector {
  return new Detector(config, options);
}
