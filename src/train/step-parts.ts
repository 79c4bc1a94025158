import type { Config } from '../config/index.ts';
import { flatten } from './flat-parameters.ts';
import { JointStep } from './joint-step.ts';
import type { Training } from './loop.ts';
import { MetricRing } from './metric-ring.ts';
import { createOptimizer } from './optimizer.ts';
import type { StepParts } from './step.ts';

/** What a training step needs, as the configuration says; the parameters move into flat buffers. */
export function stepParts(
  { training, logging }: Config,
  {
    model,
    device,
    precision,
    loss,
    peers = null,
  }: Pick<Training, 'model' | 'device' | 'precision' | 'loss'> & Partial<Pick<Training, 'peers'>>,
): StepParts {
  const parameters = flatten(model.parameters());
  return {
    forward: (batch, step, others) => model.forwardTraining(batch, step, others),
    parameters,
    optimizer: createOptimizer(training, parameters),
    loss,
    gradientClip: training.gradient_clip,
    precision,
    ring: new MetricRing(logging.log_every_n_steps, device),
    joint: peers === null ? null : new JointStep(peers, parameters, model.parameters()),
  };
}
