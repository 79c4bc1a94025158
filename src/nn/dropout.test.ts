import { expect, test } from 'vitest';
import { hash32 } from '../random/index.ts';
import { cat, gradients, ones, scope, type Tensor, tensor } from '../torch/index.ts';
import { Dropout, EVALUATION, type Mode } from './index.ts';
import { values } from './testing/values.ts';

const int64 = (numbers: number[]) => tensor(numbers, { dtype: 'int64' });

function training(samples: number[], { seed = 42, step = 7 } = {}): Mode {
  return { isTraining: true, seed, step, samples: int64(samples) };
}

/** What each element is multiplied by: random/'s hash of seed, layer, step, sample and element decides. */
function expectedMask(name: string, rate: number, samples: number[], count: number, seed = 42, step = 7) {
  let layer = 4;
  for (const character of name) layer = hash32(layer, character.codePointAt(0)!);
  return samples.flatMap((sample) =>
    Array.from({ length: count }, (_, element) =>
      hash32(seed, layer, step, sample, element) >= rate * 2 ** 32 ? 1 / (1 - rate) : 0,
    ),
  );
}

test('the mask is hash32 of seed, layer, step, sample and element, one by one', () => {
  const samples = [0, 1, 12_345, 2 ** 31 + 5, 2 ** 32 - 1];
  const dropout = new Dropout(0.3, 'mamba.layers.0', 'elements');
  const found = dropout.forward(ones([5, 6, 11], { dtype: 'float64' }), training(samples)).toArray();
  expect(found).toEqual(expectedMask('mamba.layers.0', 0.3, samples, 66));
});

test('whole channels are dropped, each kept one scaled by 1 / (1 - rate)', () => {
  const dropout = new Dropout(0.25, 'rescnn.blocks.0', 'channels');
  const x = values([4, 50, 1, 9], 1);
  const found = dropout.forward(x, training([3, 1, 4, 15]));
  const channel = expectedMask('rescnn.blocks.0', 0.25, [3, 1, 4, 15], 50);
  const expected = x.toArray().map((value, i) => value * channel[Math.floor(i / 9)]!);
  found.toArray().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 14);
  });
});

test.each([0.1, 0.5, 0.9])('drops a share of %d and keeps the mean', (rate) => {
  const dropout = new Dropout(rate, 'a', 'elements');
  const found = dropout.forward(ones([20, 100, 50]), training(Array.from({ length: 20 }, (_, i) => i)));
  const kept = found.toArray();
  const share = kept.filter((value) => value === 0).length / kept.length;
  expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / kept.length));
  expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
});

test('a batch split in any way has the same masks, and samples may come in any order', () => {
  const dropout = new Dropout(0.4, 'a', 'elements');
  const x = values([4, 3, 5], 1);
  const whole = dropout.forward(x, training([9, 2, 7, 5])).toArray();
  const parts = cat([
    dropout.forward(x.slice(0, 0, 1), training([9])),
    dropout.forward(x.slice(0, 1, 4), training([2, 7, 5])),
  ]);
  expect(parts.toArray()).toEqual(whole);
  const turned = dropout.forward(x.flip(0), training([5, 7, 2, 9])).flip(0);
  expect(turned.toArray()).toEqual(whole);
});

test('masks differ between layers, seeds, steps and samples', () => {
  const x = ones([2, 200]);
  const mask = (name: string, mode: Mode) =>
    new Dropout(0.5, name, 'elements').forward(x, mode).toArray().join();
  const masks = [
    mask('a', training([0, 1])),
    mask('b', training([0, 1])),
    mask('a', training([0, 1], { step: 8 })),
    mask('a', training([0, 1], { seed: 43 })),
    mask('a', training([2, 3])),
  ];
  expect(new Set(masks).size).toBe(5);
  const both = new Dropout(0.5, 'a', 'elements').forward(x, training([0, 1]));
  expect(both.select(0, 0).toArray()).not.toEqual(both.select(0, 1).toArray());
});

test('evaluation and a rate of 0 hand the input through', () => {
  const x = values([2, 3], 1);
  expect(new Dropout(0.5, 'a', 'elements').forward(x, EVALUATION)).toBe(x);
  expect(new Dropout(0, 'a', 'elements').forward(x, training([0, 1]))).toBe(x);
});

test('the gradient goes through the mask; the dtype stays', () => {
  const dropout = new Dropout(0.5, 'a', 'elements');
  const x = values([2, 40], 1, { dtype: 'float32' }).withGrad();
  const y = scope(() => dropout.forward(x, training([0, 1])));
  expect(y.dtype).toBe('float32');
  const [gradient] = gradients([y.sum()], [x]) as [Tensor];
  expect(gradient.toArray()).toEqual(expectedMask('a', 0.5, [0, 1], 40));
});
