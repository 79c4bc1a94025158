import type { Config } from '../config/index.ts';
import { flatten } from './flat-parameters.ts';
import type { Training } from './loop.ts';
import { MetricRing } from './metric-ring.ts';
import { createOptimizer } from './optimizer.ts';
import type { StepParts } from './step.ts';

/** What a training step needs, as the configuration says; the parameters move into flat buffers. */
export function stepParts(
  { training, logging }: Config,
  { model, device, precision, loss }: Pick<Training, 'model' | 'device' | 'precision' | 'loss'>,
): StepParts {
  const parameters = flatten(model.parameters());
  return {
    forward: (batch, step) => model.forwardTraining(batch, step),
    parameters,
    optimizer: createOptimizer(training, parameters),
    loss,
    gradientClip: training.gradient_clip,
    precision,
    ring: new MetricRing(logging.log_every_n_steps, device),
  };
}
