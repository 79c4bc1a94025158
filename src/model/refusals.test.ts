import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { zeros } from '../torch/index.ts';
import { createModel } from './index.ts';

/** Two stages that fit, with some values replaced. */
function create({ encoder = {}, rescnn = {}, mamba = {}, decoder = {} }: Record<string, object>) {
  const { model } = configSchema.parse({
    model: {
      encoder: { stages: 2, channels: [4, 8], ...encoder },
      rescnn: { n_blocks: 1, ...rescnn },
      mamba: { n_layers: 1, d_model: 8, head_dim: 4, d_state: 2, ...mamba },
      decoder: { stages: 2, ...decoder },
    },
  });
  return createModel(model, { channels: 2, seed: 1 });
}

test('the sizes that the refusals below start from fit', () => {
  expect(create({}).forward(zeros([1, 8, 2])).shape).toEqual([1, 8]);
});

test.each([
  [{ encoder: { stages: 3 } }, 'model.encoder.channels lists 2 widths for 3 stages.'],
  [{ decoder: { stages: 1 } }, 'model.decoder.stages is 1; it must be model.encoder.stages, 2.'],
  [{ mamba: { d_model: 4 } }, 'model.mamba.d_model is 4; it must be the last of model.encoder.channels, 8.'],
  [{ mamba: { head_dim: 5 } }, 'model.mamba.head_dim 5 does not divide expand * d_model = 16.'],
  [
    { decoder: { kernel_size: 3 } },
    'model.decoder.kernel_size 3 must exceed the stride 2 by an even number, 0 or more, to keep lengths.',
  ],
  [
    { decoder: { kernel_size: 1 } },
    'model.decoder.kernel_size 1 must exceed the stride 2 by an even number, 0 or more, to keep lengths.',
  ],
  [
    { encoder: { downsample_factor: 4 } },
    'model.decoder.kernel_size 2 must exceed the stride 4 by an even number, 0 or more, to keep lengths.',
  ],
  [
    { encoder: { downsample_factor: 3 } },
    'model.decoder.kernel_size 2 must exceed the stride 3 by an even number, 0 or more, to keep lengths.',
  ],
  [{ rescnn: { kernel_sizes: Array(9).fill(3) } }, '9 branches of model.rescnn do not fit into 8 channels.'],
])('%o is refused', (sizes, message) => {
  expect(() => create(sizes)).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'MODEL_SIZE', message }),
  );
});

test('parts that are left out refuse nothing', () => {
  expect(() => create({ mamba: { n_layers: 0, d_model: 512, head_dim: 100 } })).not.toThrow();
  expect(() => create({ rescnn: { n_blocks: 0, kernel_sizes: Array(9).fill(3) } })).not.toThrow();
});

test.each([1, 6, 9])('a window of %i samples, no multiple of the total stride of 4, is refused', (length) => {
  expect(() => create({}).forward(zeros([1, length, 2]))).toThrow(
    expect.objectContaining({
      name: 'InputError',
      code: 'MODEL_LENGTH',
      message: `The model needs windows whose length is a multiple of 4 samples, found ${length}. Change data.window_size, or the encoder's stages.`,
    }),
  );
});
