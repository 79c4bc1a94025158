import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { loadWeights } from '../nn/index.ts';
import {
  aten,
  type Dtype,
  fromTypedArray,
  gradients,
  liveTensors,
  noGrad,
  scope,
  type Tensor,
} from '../torch/index.ts';
import { createModel, type Detector } from './index.ts';

/** Made by scripts/reference/detector.py: plain PyTorch, Mamba-2 step by step, in float64. */
interface Golden {
  readonly sizes: {
    readonly channels: number;
    readonly widths: number[];
    readonly kernel: number;
    readonly factor: number;
    readonly up_kernel: number;
    readonly rescnn: object;
    readonly mamba: object;
  };
  readonly weights: Record<string, Values>;
  readonly input: Values;
  readonly targets: Values;
  readonly logits: Values;
  readonly loss: number;
  readonly gradients: Record<string, Values>;
  readonly buffers_after: Record<string, Values>;
}

interface Values {
  readonly shape: number[];
  readonly values: number[];
}

const CASES = ['two-stages', 'one-stage-18-channels', 'factor-3-convolutions-only'];

function read(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
}

function configOf({ sizes }: Pick<Golden, 'sizes'>) {
  const { widths, kernel, factor, up_kernel, rescnn, mamba } = sizes;
  return configSchema.parse({
    model: {
      encoder: { stages: widths.length, channels: widths, kernel_size: kernel, downsample_factor: factor },
      rescnn,
      mamba: { ...mamba, d_model: widths.at(-1) },
      decoder: { stages: widths.length, kernel_size: up_kernel },
    },
  }).model;
}

// The reference took its float64 weights and inputs from float32, of which the fixture has nine digits.
function fromFloat32({ shape, values }: Values, dtype: Dtype): Tensor {
  return scope(() => fromTypedArray(Float32Array.from(values), shape).to({ dtype }));
}

function load(golden: Golden, dtype: Dtype): Detector {
  const model = createModel(configOf(golden), { channels: golden.sizes.channels, seed: 1 });
  const weights = Object.entries(golden.weights);
  loadWeights(model.store, new Map(weights.map(([name, value]) => [name, fromFloat32(value, dtype)])));
  return model;
}

/** (B, C, T) of the fixture as the batch (B, T, C) that bgb gathers */
function batchOf(golden: Golden, dtype: Dtype): Tensor {
  return fromFloat32(golden.input, dtype).transpose(1, 2).contiguous();
}

function training(golden: Golden) {
  const samples = fromTypedArray(BigInt64Array.from({ length: golden.input.shape[0]! }, (_, i) => BigInt(i)));
  return { isTraining: true, seed: 1, step: 0, samples } as const;
}

/** The largest difference in shares of the largest expected value. */
function relativeError(found: Tensor, { shape, values }: Values): number {
  expect(found.shape).toEqual(shape);
  const differences = found.toArray().map((value, i) => Math.abs(value - values[i]!));
  return Math.max(...differences) / Math.max(...values.map(Math.abs), Number.MIN_VALUE);
}

const TOLERANCES = [
  ['float64', 1e-10],
  ['float32', 1e-5],
] as const;

describe.each(CASES)('%s against PyTorch', (name) => {
  const golden = read(name);

  test.each(TOLERANCES)('logits in %s', (dtype, tolerance) => {
    const model = load(golden, 'float32').to({ dtype });
    const logits = noGrad(() => model.forward(batchOf(golden, dtype)));
    expect(logits.dtype).toBe(dtype);
    expect(relativeError(logits, golden.logits)).toBeLessThan(tolerance);
  });

  test.each(TOLERANCES)('logits with fixed weights in %s', (dtype, tolerance) => {
    const model = load(golden, 'float32').to({ dtype });
    using fixed = model.fixed();
    for (const _pass of ['first', 'second'])
      expect(relativeError(fixed.forward(batchOf(golden, dtype)), golden.logits)).toBeLessThan(tolerance);
  });

  test.each([
    ['float64', 1e-11],
    ['float32', 1e-4],
  ] as const)('loss, gradients and running statistics of a training step in %s', (dtype, tolerance) => {
    const model = load(golden, 'float32').to({ dtype });
    const names = Object.keys(golden.gradients);
    scope(() => {
      const logits = model.forward(batchOf(golden, dtype), training(golden));
      const loss = aten.binary_cross_entropy_with_logits({
        self: logits,
        target: fromFloat32(golden.targets, dtype),
      });
      expect(Math.abs(loss.item() / golden.loss - 1)).toBeLessThan(tolerance);
      const found = gradients(
        [loss],
        names.map((parameter) => model.parameters().get(parameter)!),
      );
      for (const [i, parameter] of names.entries())
        expect(relativeError(found[i]!, golden.gradients[parameter]!), parameter).toBeLessThan(tolerance);
    });
    for (const [buffer, value] of Object.entries(golden.buffers_after))
      expect(relativeError(model.buffers().get(buffer)!, value), buffer).toBeLessThan(1e-5);
  });
});

test('each case has a gradient of every kind of layer that it contains', () => {
  expect(CASES.map((name) => Object.keys(read(name).gradients).length)).toEqual([16, 16, 8]);
});

test('a forward pass leaves its logits and no other tensor to the scope around it', () => {
  const golden = read('two-stages');
  const model = load(golden, 'float32');
  const mode = training(golden);
  const batch = batchOf(golden, 'float32');
  for (const pass of [() => model.forward(batch), () => model.forward(batch, mode)])
    scope(() => {
      const before = liveTensors();
      pass();
      expect(liveTensors() - before).toBe(1);
    });
});

test('the default detector of 19 channels has 32,606,439 parameters', () => {
  const model = createModel(configSchema.parse({}).model, { channels: 19, seed: 1 });
  let count = 0;
  for (const parameter of model.parameters().values()) count += parameter.elementCount;
  expect(count).toBe(32_606_439);
});
