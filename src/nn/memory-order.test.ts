import { expect, test } from 'vitest';
import { arange, noGrad } from '../torch/index.ts';
import { BatchNorm, Conv1d, ConvTranspose1d, Dropout, type Mode, Weights } from './index.ts';
import { values } from './testing/values.ts';

const place = () => new Weights({ parameters: new Map(), buffers: new Map() }, 1).at('layer');

// Convolutions are fastest on channels-last activations, and one layer that loses the order costs all after it.
test.each([
  ['Conv1d', new Conv1d(place(), { inputs: 6, outputs: 8, kernel: 5, padding: 2 })],
  ['Conv1d of stride 2', new Conv1d(place(), { inputs: 6, outputs: 6, kernel: 2, stride: 2 })],
  ['ConvTranspose1d', new ConvTranspose1d(place(), { inputs: 6, outputs: 3, kernel: 2 })],
  ['ConvTranspose1d of kernel 4', new ConvTranspose1d(place(), { inputs: 6, outputs: 3, kernel: 4 })],
  ['BatchNorm', new BatchNorm(place(), 6)],
  ['Dropout of channels', new Dropout(0.5, 'layer', 'channels')],
])('%s keeps channels-last order', (_, layer) => {
  const x = values([4, 16, 6], 1, { dtype: 'float32' }).permute(0, 2, 1).unsqueeze(2); // (B, C, 1, T)
  expect(x.strides).toEqual([96, 1, 96, 6]);
  const modes: Mode[] = [{ isTraining: false }, { isTraining: true, seed: 1, step: 1, samples: arange(4) }];
  for (const mode of modes) {
    const y = noGrad(() => layer.forward(x, mode));
    const [, channels, , length] = y.shape as [number, number, number, number];
    expect([y.strides[1], y.strides[3]]).toEqual([1, channels]);
    expect(y.strides[0]).toBe(channels * length);
  }
});
