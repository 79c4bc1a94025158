import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../torch/index.ts';
import { AdamW } from './adamw.ts';
import { flatten } from './flat-parameters.ts';
import { MetricRing } from './metric-ring.ts';
import { type Batch, type StepParts, trainingStep } from './step.ts';

// PyTorch 1.13 in float64: linear model, binary_cross_entropy_with_logits, clip_grad_norm_ at 0.25, AdamW with
// decay 0.1 on the weight. A row a step: loss, norm before clipping, weight (2), bias.
const EXPECTED = [
  [0.7074744671241809, 0.17065669348612245, 0.19700001187197408, -0.09800000741274469, 1.6158653873277196e-8],
  [0.6852576653460475, 0.13270050929272256, 0.16730390636828113, -0.04760263477049326, -0.047505178694978],
  [0.6784174566917591, 0.11927846980664875, 0.16353048599861342, -0.02770708749186742, -0.06581967020163126],
];
const RATES = [0.1, 0.05, 0.02];
const SIGNAL = [[[1, 2], [3, -1], [0.5, 0.25]], [[-2, 1], [4, 4], [1, 0]]]; // biome-ignore format: (B, T, C)
const LABELS = [[0, 1, 0], [1, 1, 0]]; // biome-ignore format: (B, T)

function batchOf(rows: number[]): Batch {
  return {
    signal: tensor(rows.map((row) => SIGNAL[row]!)),
    labels: tensor(
      rows.map((row) => LABELS[row]!),
      { dtype: 'uint8' },
    ),
    samples: tensor(rows, { dtype: 'int64' }),
  };
}

function problem(): { parts: StepParts; values: () => number[]; weight: Tensor } {
  const weight = tensor([[0.3], [-0.2]]).withGrad();
  const bias = tensor([0.1]).withGrad();
  const parameters = flatten(new Map([['weight', weight], ['bias', bias]])); // biome-ignore format: short
  const parts: StepParts = {
    forward: ({ signal }) => signal.matmul(weight).squeeze(2).add(bias),
    parameters,
    optimizer: new AdamW(parameters, { weightDecay: 0.1 }),
    loss: { kind: 'bce', positiveWeight: 1 },
    gradientClip: 0.25,
    precision: null,
    ring: new MetricRing(8, 'cpu'),
  };
  return { parts, weight, values: () => [...weight.toArray(), ...bias.toArray()] };
}

function expectClose(found: readonly number[], expected: readonly number[]) {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
  });
}

test('steps are PyTorch’s: loss, norm, clipping, decay on matrices only', () => {
  const { parts, values } = problem();
  RATES.forEach((rate, step) => {
    trainingStep(parts, [batchOf([0, 1])], step, rate);
    expectClose(values(), EXPECTED[step]!.slice(2));
  });
  parts.ring.send();
  const metrics = parts.ring.receive({ wait: true });
  expect(metrics.map(({ step }) => step)).toEqual([0, 1, 2]);
  metrics.forEach((row, step) => {
    expectClose([row.loss, row.gradientNorm], EXPECTED[step]!.slice(0, 2));
    expect(row.positiveShare).toBe(0.5);
    expect(row.isSound).toBe(true);
  });
});

test('accumulation over two halves is the step over the whole', () => {
  const { parts, values } = problem();
  RATES.forEach((rate, step) => {
    trainingStep(parts, [batchOf([0]), batchOf([1])], step, rate);
    expectClose(values(), EXPECTED[step]!.slice(2));
  });
});

test('a batch with a NaN is skipped, counted as unsound, and training goes on as if it had not been', () => {
  const { parts, values } = problem();
  const broken: Batch = { ...batchOf([0, 1]), signal: batchOf([0, 1]).signal.mul(Number.NaN) };
  RATES.forEach((rate, step) => {
    trainingStep(parts, [broken], 2 * step, rate);
    trainingStep(parts, [batchOf([0, 1])], 2 * step + 1, rate);
  });
  expectClose(values(), EXPECTED[2]!.slice(2));
  parts.ring.send();
  expect(parts.ring.receive().map(({ isSound }) => isSound)).toEqual([false, true, false, true, false, true]);
});
