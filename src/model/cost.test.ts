import { expect, test } from 'vitest';
import { type Config, configSchema } from '../config/index.ts';
import { arange, fromTypedArray, hostTensorMemory, scope } from '../torch/index.ts';
import { createModel, fittingBatch, modelCost, trainingMemory } from './index.ts';

/** A `model` section whose sizes follow from the widths. */
function configOf(widths: number[], sections: Record<string, object> = {}): Config['model'] {
  return configSchema.parse({
    model: {
      encoder: { stages: widths.length, channels: widths, ...sections.encoder },
      rescnn: { n_blocks: 1, ...sections.rescnn },
      mamba: { n_layers: 1, d_model: widths.at(-1), head_dim: widths.at(-1), ...sections.mamba },
      decoder: { stages: widths.length, ...sections.decoder },
    },
  }).model;
}

const CASES: [string, Config['model'], number, number][] = [
  ['default', configSchema.parse({}).model, 19, 15_360],
  ['two stages', configOf([8, 16]), 3, 1024],
  [
    'factor 3',
    configOf([6, 9, 12], { encoder: { downsample_factor: 3 }, decoder: { kernel_size: 5 } }),
    18,
    540,
  ],
  ['no Mamba', configOf([8, 16], { mamba: { n_layers: 0 } }), 2, 256],
  ['no ResCNN', configOf([16], { rescnn: { n_blocks: 0 }, mamba: { n_layers: 3, head_dim: 4 } }), 1, 640],
];

test.each(CASES)(
  '%s: each part has the parameters that the model makes for it',
  (_name, config, channels, length) => {
    const { layers, parameters } = modelCost(config, { channels, length, precision: 'float32' });
    const counts = scope(() => {
      const made = createModel(config, { channels, seed: 1 }).parameters();
      return [...made].map(([path, { elementCount }]) => [path, elementCount] as const);
    });
    const counted = new Map(layers.map(({ name }) => [name, 0]));
    for (const [path, elementCount] of counts) {
      const name =
        layers.find((layer) => path.startsWith(`${layer.name}.`))?.name ??
        // The norm of a layer belongs to its last map.
        path.replace(/layer_norm\..*$/, 'output_proj');
      counted.set(name, (counted.get(name) ?? 0) + elementCount);
    }
    expect(Object.fromEntries(layers.map((layer) => [layer.name, layer.parameters]))).toEqual(
      Object.fromEntries(counted),
    );
    expect(parameters).toBe([...counted.values()].reduce((sum, count) => sum + count, 0));
  },
);

test('the default detector: 32,606,439 parameters, and operations by arithmetic', () => {
  const cost = modelCost(configSchema.parse({}).model, {
    channels: 19,
    length: 15_360,
    precision: 'bfloat16',
  });
  expect(cost.parameters).toBe(32_606_439);
  const flops = new Map(cost.layers.map((layer) => [layer.name, layer.flops]));
  expect(flops.get('encoder.input_conv')).toBe(2 * 19 * 64 * 7 * 15_360);
  expect(flops.get('encoder.encoder_blocks.1.0')).toBe(2 * 64 * 128 * 5 * 7_680);
  expect(flops.get('encoder.downsample.3')).toBe(2 * 512 * 512 * 2 * 960);
  expect(flops.get('rescnn.blocks.2.branches.2')).toBe(2 * 512 * 172 * 7 * 960);
  // Every sample in meets both taps of the transposed convolution.
  expect(flops.get('decoder.upsample.0')).toBe(2 * 512 * 256 * 2 * 960);
  expect(flops.get('decoder.decoder_blocks.3.0')).toBe(2 * 128 * 64 * 5 * 15_360);
  expect(flops.get('mamba.layers.5.output_proj')).toBe(2 * 1024 * 512 * 960);
  // Projections 512 to 2096 and 1024 to 512, four taps on 1056 channels, 16 states of 1024 values twice.
  expect(flops.get('mamba.layers.0.forward_mamba')).toBe(
    960 * (2 * 512 * 2096 + 2 * 1024 * 512 + 2 * 4 * 1056 + 4 * 1024 * 16),
  );
});

test('convolutions and linear maps have the operations that PyTorch’s modules have', () => {
  // scripts/reference/detector_cost.py, by hooks on the modules of the independent implementation.
  const found = CASES.map(([, config, channels, length]) => {
    const { layers } = modelCost(config, { channels, length, precision: 'float32' });
    const { d_model, d_state, expand } = config.mamba;
    const scan = layers
      .filter(({ kind }) => kind === 'Mamba-2')
      .reduce((sum, { output: [steps] }) => sum + 4 * expand * d_model * d_state * steps, 0);
    return layers.reduce((sum, { flops }) => sum + flops, 0) - scan;
  });
  expect(found).toEqual(MODULE_FLOPS);
});

const MODULE_FLOPS = [80_372_951_040, 11_065_344, 3_077_440, 2_069_504, 19_334_400];

test.each(CASES.slice(1))(
  '%s: memory kept for backward and its peak are what a training step takes',
  (_name, config, channels, length) => {
    const cost = modelCost(config, { channels, length, precision: 'float32' });
    // All within scopes: garbage of others that is collected meanwhile would be counted.
    const step = (batch: number) =>
      scope(() => {
        const model = createModel(config, { channels, seed: 1 });
        const ones = new Float32Array(batch * length * channels).fill(0.5);
        const signal = fromTypedArray(ones, [batch, length, channels]);
        const samples = arange(batch);
        const { inUse } = hostTensorMemory();
        return scope(() => {
          const loss = model.forward(signal, { isTraining: true, seed: 1, step: 0, samples }).mean();
          const kept = hostTensorMemory({ isMarking: true }).inUse - inUse;
          loss.backward();
          return { kept, peak: hostTensorMemory().peak - inUse };
        });
      });
    step(8);
    // Per window, so that what does not depend on the batch falls out.
    const [few, many] = [step(8), step(24)];
    const perWindow = { kept: (many.kept - few.kept) / 16, peak: (many.peak - few.peak) / 16 };
    // The signal is made outside, and this loss keeps nothing; the allocator rounds sizes up by at most an eighth.
    const kept = cost.activationBytes - 4 * length * (channels + 5);
    expect(perWindow.kept / kept).toBeGreaterThan(0.99);
    expect(perWindow.kept / kept).toBeLessThan(1.13);
    const peak = kept + cost.transientBytes;
    expect(perWindow.peak / peak).toBeGreaterThan(0.85);
    expect(perWindow.peak / peak).toBeLessThan(1.15);
  },
);

test('the batch that fits leaves room for weights, gradients and state', () => {
  const cost = { parameters: 1000, activationBytes: 90, transientBytes: 10, flops: 1, layers: [] };
  const memory = trainingMemory(cost, { states: 2, hasAverage: true, precision: 'float32' });
  expect(memory).toEqual({ fixedBytes: 20_000, windowBytes: 100 });
  expect(fittingBatch(30_000, memory)).toBe(70);
  expect(fittingBatch(10_000, memory)).toBe(0);
});

const shapesOf = (config: Config['model']) =>
  scope(() =>
    [...createModel(config, { channels: 2, seed: 1 }).parameters()].map(([name, { shape }]) => [name, shape]),
  );

test.each([
  ['encoder', { channels: [8, 32] }],
  ['encoder', { channels: [8, 16, 16] }],
  ['encoder', { kernel_size: 7 }],
  ['encoder', { downsample_factor: 4 }],
  ['rescnn', { n_blocks: 2 }],
  ['rescnn', { kernel_sizes: [3, 5] }],
  ['rescnn', { kernel_sizes: [3, 5, 9] }],
  ['mamba', { n_layers: 2 }],
  ['mamba', { d_state: 8 }],
  ['mamba', { conv_kernel: 3 }],
  ['mamba', { expand: 4 }],
  ['mamba', { head_dim: 8 }],
  ['decoder', { kernel_size: 4 }],
])('every size of the model section is used, by the model and its cost: %s %o', (section, sizes) => {
  const plain = configOf([8, 16]);
  const widths = 'channels' in sizes && sizes.channels !== undefined ? sizes.channels : [8, 16];
  const changed = configOf(widths, {
    [section]: sizes,
    ...('downsample_factor' in sizes && { decoder: { kernel_size: sizes.downsample_factor! } }),
  });
  expect(shapesOf(changed)).not.toEqual(shapesOf(plain));
  const costOf = (config: Config['model']) =>
    modelCost(config, { channels: 2, length: 64, precision: 'float32' });
  expect(costOf(changed).parameters).not.toBe(costOf(plain).parameters);
  expect(costOf(changed).flops).not.toBe(costOf(plain).flops);
});

test("with bgb's own kernels: what a step was measured to take on an H100, 226 MiB a window in bfloat16", () => {
  const sizes = { channels: 19, length: 15_360, precision: 'bfloat16', hasKernels: true } as const;
  const { activationBytes, transientBytes } = modelCost(configSchema.parse({}).model, sizes);
  expect((activationBytes + transientBytes) / 2 ** 20 / 226).toBeCloseTo(1, 1);
  // No kernels for heads of 8: what ATen keeps.
  const narrow = configSchema.parse({ model: { mamba: { head_dim: 8 } } }).model;
  expect(modelCost(narrow, sizes)).toEqual(modelCost(narrow, { ...sizes, hasKernels: false }));
});
