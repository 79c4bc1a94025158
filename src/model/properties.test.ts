import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Config, configSchema } from '../config/index.ts';
import { liveTensors, noGrad, scope, type Tensor, tensor } from '../torch/index.ts';
import { liveAfterCollection } from '../torch/testing/collected.ts';
import { createModel, type Detector } from './index.ts';

const SMALL = {
  encoder: { stages: 2, channels: [4, 6] },
  rescnn: { n_blocks: 1 },
  mamba: { n_layers: 1, d_model: 6, d_state: 3, head_dim: 4 },
  decoder: { stages: 2 },
};

function configOf(model: object): Config['model'] {
  return configSchema.parse({ model }).model;
}

function small(channels = 3): Detector {
  return createModel(configOf(SMALL), { channels, seed: 3 }).to({ dtype: 'float64' });
}

/** (B, T, C), each element a function of where it is */
function signal(batch: number, length: number, channels: number): Tensor {
  const wave = (b: number, t: number, c: number) =>
    Math.sin(0.3 * t * (c + 1) + 2 * b) + 0.2 * Math.cos(t * t);
  const nested = Array.from({ length: batch }, (_, b) =>
    Array.from({ length }, (_, t) => Array.from({ length: channels }, (_, c) => wave(b, t, c))),
  );
  return tensor(nested, { dtype: 'float64' });
}

/** Running statistics, norms' weights and biases away from 0 and 1, as after some training. */
function disturb(model: Detector): void {
  const vectors = [...model.parameters(), ...model.buffers()].filter(([, { shape }]) => shape.length === 1);
  for (const [name, vector] of vectors) {
    const values = Array.from(
      { length: vector.elementCount },
      (_, i) => 1.1 + 0.4 * Math.sin(1.3 * i + name.length),
    );
    noGrad(() => vector.copy_(tensor(values, { dtype: 'float64' })));
  }
}

test('fixed weights give the same logits, for any sizes that fit', () => {
  const sizes = fc.record({
    widths: fc.array(fc.integer({ min: 3, max: 6 }), { minLength: 1, maxLength: 3 }),
    kernels: fc.uniqueArray(fc.constantFrom(1, 3, 5, 7), { minLength: 1, maxLength: 3 }),
    blocks: fc.integer({ min: 0, max: 2 }),
    channels: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(sizes, ({ widths, kernels, blocks, channels }) => {
      const config = configOf({
        encoder: { stages: widths.length, channels: widths },
        rescnn: { n_blocks: blocks, kernel_sizes: kernels },
        mamba: { n_layers: 1, d_model: widths.at(-1)!, d_state: 2, head_dim: 2 },
        decoder: { stages: widths.length },
      });
      scope(() => {
        const model = createModel(config, { channels, seed: 1 }).to({ dtype: 'float64' });
        disturb(model);
        const batch = signal(2, 2 ** widths.length * 3, channels);
        const expected = noGrad(() => model.forward(batch));
        using fixed = model.fixed();
        const difference = fixed.forward(batch).sub(expected).abs().amax().item();
        expect(difference / expected.abs().amax().item()).toBeLessThan(1e-11);
      });
    }),
    { numRuns: 30 },
  );
});

test('weights are fixed until disposal, which releases what was made of them', async () => {
  const model = small();
  disturb(model);
  const batch = signal(1, 16, 3);
  const before = await liveAfterCollection();
  scope(() => {
    const first = scope(() => {
      using fixed = model.fixed();
      const logits = fixed.forward(batch).toArray();
      expect(fixed.forward(batch).toArray()).toEqual(logits);
      return logits;
    });
    expect(liveTensors()).toBe(before);
    expect([...model.parameters().values()].every((weight) => weight.toArray().length > 0)).toBe(true);
    noGrad(() => model.parameters().get('encoder.input_conv.conv.weight')!.mul_(2));
    using fixed = model.fixed();
    expect(fixed.forward(batch).toArray()).not.toEqual(first);
  });
});

test('one logit for each sample of each window, for any sizes that fit', () => {
  const sizes = fc.record({
    widths: fc.array(fc.integer({ min: 3, max: 6 }), { minLength: 1, maxLength: 3 }),
    factor: fc.integer({ min: 2, max: 3 }),
    surplus: fc.constantFrom(0, 2),
    kernel: fc.constantFrom(1, 3, 5),
    blocks: fc.integer({ min: 0, max: 2 }),
    layers: fc.integer({ min: 0, max: 1 }),
    channels: fc.integer({ min: 1, max: 4 }),
    batch: fc.integer({ min: 1, max: 3 }),
    periods: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(sizes, ({ widths, factor, surplus, kernel, blocks, layers, channels, batch, periods }) => {
      const config = configOf({
        encoder: { stages: widths.length, channels: widths, kernel_size: kernel, downsample_factor: factor },
        rescnn: { n_blocks: blocks },
        mamba: { n_layers: layers, d_model: widths.at(-1)!, d_state: 2, head_dim: 2, expand: 2 },
        decoder: { stages: widths.length, kernel_size: factor + surplus },
      });
      scope(() => {
        const model = createModel(config, { channels, seed: 1 }).to({ dtype: 'float64' });
        const length = factor ** widths.length * periods;
        const logits = noGrad(() => model.forward(signal(batch, length, channels)));
        expect(logits.shape).toEqual([batch, length]);
        expect(logits.toArray().every(Number.isFinite)).toBe(true);
      });
    }),
    { numRuns: 40 },
  );
});

test('in evaluation a window’s logits do not depend on the windows beside it', () => {
  const model = small();
  const batch = signal(4, 152, 3);
  noGrad(() => {
    const together = model.forward(batch);
    for (let i = 0; i < 4; i++) {
      const alone = model.forward(batch.slice(0, i, i + 1)).toArray();
      together
        .select(0, i)
        .toArray()
        .forEach((logit, t) => {
          expect(Math.abs(logit - alone[t]!)).toBeLessThan(1e-12);
        });
    }
    const turned = model.forward(batch.flip(0)).flip(0).toArray();
    together.toArray().forEach((logit, t) => {
      expect(Math.abs(logit - turned[t]!)).toBeLessThan(1e-12);
    });
  });
});

test('a batch (B, T, C) gives the same logits whatever its order in memory', () => {
  const model = small();
  const batch = signal(2, 64, 3);
  const byChannel = batch.transpose(1, 2).contiguous().transpose(1, 2);
  const byTime = batch.transpose(0, 1).contiguous().transpose(0, 1);
  noGrad(() => {
    const expected = model.forward(batch).toArray();
    for (const other of [byChannel, byTime])
      model
        .forward(other)
        .toArray()
        .forEach((logit, t) => {
          expect(Math.abs(logit - expected[t]!)).toBeLessThan(1e-12);
        });
  });
});

test('channels are the last dimension: renaming them and the weights that meet them changes nothing', () => {
  const [model, renamed] = [small(), small()];
  const order = tensor([2, 0, 1], { dtype: 'int64' });
  const batch = signal(2, 64, 3);
  noGrad(() => {
    const first = 'encoder.input_conv.conv.weight'; // (O, C, k)
    const weight = renamed.parameters().get(first)!;
    weight.copy_(model.parameters().get(first)!.indexSelect(1, order));
    const expected = model.forward(batch).toArray();
    const found = renamed.forward(batch.indexSelect(2, order)).toArray();
    found.forEach((logit, t) => {
      expect(Math.abs(logit - expected[t]!)).toBeLessThan(1e-12);
    });
    expect(renamed.forward(batch).toArray()).not.toEqual(expected);
  });
});

test('the same seed gives the same weights, another seed others', () => {
  const weights = (seed: number) => {
    const model = createModel(configOf(SMALL), { channels: 3, seed });
    return [...model.parameters().values()].map((parameter) => parameter.toArray());
  };
  expect(weights(1)).toEqual(weights(1));
  expect(weights(1)).not.toEqual(weights(2));
});

test('training draws its dropout from seed, step and sample; evaluation draws none', () => {
  const model = small();
  const batch = signal(3, 64, 3);
  const logits = (seed: number, step: number, samples: number[]) =>
    noGrad(() =>
      model
        .forward(batch, { isTraining: true, seed, step, samples: tensor(samples, { dtype: 'int64' }) })
        .toArray(),
    );
  const first = logits(1, 1, [4, 5, 6]);
  expect(logits(1, 1, [4, 5, 6])).toEqual(first);
  expect(logits(2, 1, [4, 5, 6])).not.toEqual(first);
  expect(logits(1, 2, [4, 5, 6])).not.toEqual(first);
  expect(logits(1, 1, [4, 5, 7])).not.toEqual(first);
});

test('forward and backward keep nothing alive', async () => {
  const model = small();
  const batch = signal(2, 64, 3);
  const samples = tensor([0, 1], { dtype: 'int64' });
  const live = await liveAfterCollection();
  for (let step = 0; step < 3; step++) {
    scope(() => {
      model.forward(batch, { isTraining: true, seed: 1, step, samples }).mean().backward();
    });
    for (const parameter of model.parameters().values()) parameter.grad = null;
  }
  expect(liveTensors()).toBe(live);
});
