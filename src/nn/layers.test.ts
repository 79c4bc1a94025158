import { expect, test } from 'vitest';
import { aten, gradients, scope, type Tensor } from '../torch/index.ts';
import {
  BatchNorm,
  Conv1d,
  ConvTranspose1d,
  EVALUATION,
  LayerNorm,
  Linear,
  type Mode,
  moveWeights,
  RmsNorm,
  type WeightStore,
  Weights,
} from './index.ts';
import { relativeError, values } from './testing/values.ts';

const TRAINING: Mode = { isTraining: true, seed: 0, step: 0, samples: values([1], 0) };

/** A layer with every weight random, in float64. */
function made<T>(create: (weights: Weights) => T): {
  layer: T;
  store: WeightStore;
  w: (name: string) => Tensor;
} {
  const store: WeightStore = { parameters: new Map(), buffers: new Map() };
  const layer = create(new Weights(store, 5).at('a'));
  moveWeights(store, { dtype: 'float64' });
  const w = (name: string) => (store.parameters.get(`a.${name}`) ?? store.buffers.get(`a.${name}`))!;
  return { layer, store, w };
}

function randomise(store: WeightStore): void {
  [...store.parameters.values()].forEach((weight, i) => {
    weight.detach().copy_(values(weight.shape, 20 + i, { low: 0.5, high: 2 }));
  });
}

/** Output and gradients by input and weights. */
function derivatives(store: WeightStore, x: Tensor, compute: (x: Tensor) => Tensor): Tensor[] {
  const leaf = x.clone().withGrad();
  const y = compute(leaf);
  const found = gradients([y.mul(values(y.shape, 9)).sum()], [leaf, ...store.parameters.values()]);
  return [y.detach(), ...(found as Tensor[])];
}

function expectSame(found: readonly Tensor[], expected: readonly Tensor[], tolerance = 1e-12): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(relativeError(value, expected[i]!)).toBeLessThan(tolerance);
  });
}

test.each([
  [1, 1, 0],
  [5, 1, 2],
  [7, 1, 3],
  [2, 2, 0],
  [3, 3, 0],
])('Conv1d of kernel %i, stride %i, padding %i equals conv1d, with gradients', (kernel, stride, padding) => {
  const { layer, store, w } = made(
    (weights) => new Conv1d(weights, { inputs: 3, outputs: 5, kernel, stride, padding }),
  );
  expect(w('weight').shape).toEqual([5, 3, kernel]);
  const x = values([2, 24, 3], 1).transpose(1, 2); // channels-last, as in the detector
  const conv1d = (input: Tensor) =>
    aten.conv1d({ input, weight: w('weight'), bias: w('bias'), stride, padding });
  const found = derivatives(store, x, (input) => layer.forward(input.unsqueeze(2)).squeeze(2));
  expectSame(found, derivatives(store, x, conv1d));
});

test.each([
  [2, 2],
  [4, 2],
  [3, 3],
  [5, 3],
])('ConvTranspose1d of kernel %i and stride %i is the sum of shifted taps', (kernel, stride) => {
  const { layer, w } = made(
    (weights) => new ConvTranspose1d(weights, { inputs: 3, outputs: 4, kernel, stride }),
  );
  expect(w('weight').shape).toEqual([3, 4, kernel]);
  const length = 6;
  const x = values([2, 3, 1, length], 1);
  const [input, weight, bias] = [x.toArray(), w('weight').toArray(), w('bias').toArray()];
  const expected: number[] = [];
  for (let n = 0; n < 2; n++)
    for (let o = 0; o < 4; o++)
      for (let t = 0; t < length * stride; t++) {
        let sum = bias[o]!;
        for (let i = 0; i < 3; i++)
          for (let s = 0; s < length; s++) {
            const tap = t + (kernel - stride) / 2 - s * stride;
            if (tap >= 0 && tap < kernel)
              sum += input[(n * 3 + i) * length + s]! * weight[(i * 4 + o) * kernel + tap]!;
          }
        expected.push(sum);
      }
  const found = layer.forward(x);
  expect(found.shape).toEqual([2, 4, 1, length * stride]);
  found.toArray().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 12);
  });
});

test('a transposed convolution starts within 1 / sqrt(outputs * kernel), as in PyTorch', () => {
  const { w } = made((weights) => new ConvTranspose1d(weights, { inputs: 50, outputs: 4, kernel: 2 }));
  const largest = Math.max(...w('weight').toArray().map(Math.abs));
  expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(8));
  expect(largest).toBeGreaterThan(0.95 / Math.sqrt(8));
});

test('BatchNorm in training: normalised over batch and time, statistics moved by a tenth', () => {
  const { layer, store, w } = made((weights) => new BatchNorm(weights, 3));
  randomise(store);
  const x = values([2, 3, 1, 10], 1, { low: -1, high: 4 });
  const mean = x.mean({ dim: [0, 2, 3], keepDim: true });
  const variance = x
    .sub(mean)
    .pow(2)
    .mean({ dim: [0, 2, 3], keepDim: true });
  const channels = (t: Tensor) => t.view(1, 3, 1, 1);
  const y = layer.forward(x, TRAINING);
  const expected = x
    .sub(mean)
    .div(variance.add(1e-5).sqrt())
    .mul(channels(w('weight')))
    .add(channels(w('bias')));
  expectSame([y.detach()], [expected.detach()]);
  expectSame([w('running_mean')], [mean.view(3).mul(0.1)]);
  // The running variance is the unbiased one.
  expectSame(
    [w('running_var')],
    [
      variance
        .view(3)
        .mul((0.1 * 20) / 19)
        .add(0.9),
    ],
  );
  expect(w('num_batches_tracked').dtype).toBe('int64');
  expect(w('num_batches_tracked').item()).toBe(1);
});

test('BatchNorm in evaluation uses its statistics and leaves them', () => {
  const { layer, store, w } = made((weights) => new BatchNorm(weights, 2));
  randomise(store);
  w('running_mean').copy_(values([2], 3));
  w('running_var').copy_(values([2], 4, { low: 0.5, high: 2 }));
  const [mean, variance] = [w('running_mean').clone(), w('running_var').clone()];
  const x = values([2, 2, 1, 7], 1);
  const channels = (t: Tensor) => t.view(1, 2, 1, 1);
  const expected = x
    .sub(channels(mean))
    .div(channels(variance.add(1e-5).sqrt()))
    .mul(channels(w('weight')))
    .add(channels(w('bias')));
  expectSame([layer.forward(x, EVALUATION).detach()], [expected.detach()]);
  expect(w('running_mean').toArray()).toEqual(mean.toArray());
  expect(w('running_var').toArray()).toEqual(variance.toArray());
  expect(w('num_batches_tracked').item()).toBe(0);
});

test('LayerNorm and RmsNorm equal their formulas, with gradients', () => {
  const x = values([3, 4, 6], 1, { low: -1, high: 3 });
  const centred = made((weights) => new LayerNorm(weights, 6));
  randomise(centred.store);
  const layerNorm = (input: Tensor) => {
    const offset = input.sub(input.mean({ dim: 2, keepDim: true }));
    const deviation = offset.pow(2).mean({ dim: 2, keepDim: true }).add(1e-5).sqrt();
    return offset.div(deviation).mul(centred.w('weight')).add(centred.w('bias'));
  };
  expectSame(
    derivatives(centred.store, x, (input) => centred.layer.forward(input)),
    derivatives(centred.store, x, layerNorm),
  );
  const scaled = made((weights) => new RmsNorm(weights, 6));
  randomise(scaled.store);
  const rmsNorm = (input: Tensor) =>
    input.div(input.pow(2).mean({ dim: 2, keepDim: true }).add(1e-5).sqrt()).mul(scaled.w('weight'));
  expectSame(
    derivatives(scaled.store, x, (input) => scaled.layer.forward(input)),
    derivatives(scaled.store, x, rmsNorm),
  );
});

test('RmsNorm computes in float32 what comes in as bfloat16', () => {
  const { layer } = made((weights) => new RmsNorm(weights, 4));
  const y = scope(() => layer.forward(values([2, 4], 1, { dtype: 'bfloat16' })));
  expect(y.dtype).not.toBe('bfloat16');
});

test('Linear is a matrix product, with a bias or without', () => {
  const x = values([2, 3, 4], 1);
  const biased = made((weights) => new Linear(weights, 4, 5));
  const expected = x.matmul(biased.w('weight').transpose(0, 1)).add(biased.w('bias'));
  expectSame([biased.layer.forward(x).detach()], [expected.detach()]);
  const plain = made((weights) => new Linear(weights, 4, 5, { hasBias: false }));
  expect([...plain.store.parameters.keys()]).toEqual(['a.weight']);
  expectSame([plain.layer.forward(x).detach()], [x.matmul(plain.w('weight').transpose(0, 1)).detach()]);
});
