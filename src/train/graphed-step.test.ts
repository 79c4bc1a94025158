import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { createModel } from '../model/index.ts';
import { arange, aten, full, hasGraphs, manualSeed, scope, tensor } from '../torch/index.ts';
import { AdamW } from './adamw.ts';
import { flatten } from './flat-parameters.ts';
import { GraphedStep } from './graphed-step.ts';
import { MetricRing } from './metric-ring.ts';
import { type Batch, computeStep, type StepParts, trainingStep } from './step.ts';

const { model: sizes } = configSchema.parse({
  model: {
    encoder: { stages: 2, channels: [4, 8] },
    rescnn: { n_blocks: 1, dropout: 0.3 },
    mamba: { n_layers: 1, d_model: 8, d_state: 4, head_dim: 4, dropout: 0.3 },
    decoder: { stages: 2 },
  },
});

function problem() {
  const model = createModel(sizes, { channels: 3, seed: 1 });
  const parameters = flatten(model.parameters());
  const parts: StepParts = {
    forward: ({ signal, samples }, step) =>
      model.forward(signal, { isTraining: true, seed: 1, step, samples }),
    parameters,
    optimizer: new AdamW(parameters, { weightDecay: 0.1 }),
    loss: { kind: 'focal', alpha: 0.5, gamma: 2, positiveWeight: 1 },
    gradientClip: 1,
    precision: null,
    ring: new MetricRing(16, 'cpu'),
  };
  return { parts, weights: () => parameters.decayed.values.toArray() };
}

function batchOf(size: number): Batch {
  manualSeed(size);
  return {
    signal: aten.randn({ size: [size, 32, 3] }),
    labels: full([size, 32], 1, { dtype: 'uint8' }),
    samples: arange(size),
  };
}

test('steps are those of trainingStep, batches of another size in between too', () => {
  const [graphed, plain] = [problem(), problem()];
  using step = new GraphedStep(graphed.parts);
  for (const [index, size] of [3, 3, 3, 3, 2, 3, 3].entries()) {
    step.run([batchOf(size)], index, 1e-2);
    trainingStep(plain.parts, [batchOf(size)], index, 1e-2);
  }
  expect(graphed.weights()).toEqual(plain.weights());
  // On the CPU nothing is recorded; scripts/compare-kernels.ts and bench/train-step.ts are for a GPU.
  expect(step.isRecorded).toBe(false);
  expect(hasGraphs() && step.isRecorded).toBe(false);
});

test('a step whose count is a tensor draws the masks of that count', () => {
  const [counted, plain] = [problem(), problem()];
  const batches = [batchOf(2), batchOf(3)];
  for (const step of [0, 5]) {
    scope(() => {
      computeStep(counted.parts, batches, tensor(step, { dtype: 'int64' }), tensor(0.01));
    });
    trainingStep(plain.parts, batches, step, 0.01);
  }
  expect(counted.weights()).toEqual(plain.weights());
  scope(() => {
    computeStep(counted.parts, batches, tensor(6, { dtype: 'int64' }), tensor(0.01));
  });
  trainingStep(plain.parts, batches, 7, 0.01);
  expect(counted.weights()).not.toEqual(plain.weights());
});
