import { expect, test } from 'vitest';
import { full, type Tensor, tensor } from '../torch/index.ts';
import { AdamW } from './adamw.ts';
import { flatten } from './flat-parameters.ts';

// torch.optim.AdamW 1.13 in float64: weights with decay 0.05, biases without, four steps.
const EXPECTED = [
  [0.4989750001, -0.99895000005, 1.9989000000333332, 0.24898750019999996, 0.09900000001, -0.19900000002],
  [
    0.4960046079556227, -0.9959046115640787, 1.9957046190168972, 0.2460546063637105, 0.09620346112894484,
    -0.19620346117432388,
  ],
  [
    0.4940390051352989, -0.99388901869906, 1.993589046136355, 0.24411399863221422, 0.09445714409819986,
    -0.19445714416951346,
  ],
  [
    0.4935464490430784, -0.9933839663477366, 1.9930590012814247, 0.24362769068268358, 0.09404652467646751,
    -0.19404652475466763,
  ],
];
const RATES = [0.001, 0.003, 0.002, 0.0005];
const YES = tensor(true, { dtype: 'bool' });
const NO = tensor(false, { dtype: 'bool' });

function problem() {
  const weight = tensor([[0.5, -1.0], [2.0, 0.25]]).withGrad(); // biome-ignore format: a matrix
  const bias = tensor([0.1, -0.2]).withGrad();
  const flat = flatten(
    new Map([
      ['layer.bias', bias],
      ['layer.weight', weight],
    ]),
  );
  const setGradients = (step: number) => {
    flat.decayed.gradients.copy_(tensor([0.1, -0.2, 0.3, 0.05]).mul(step + 1));
    flat.plain.gradients.copy_(tensor([1, -0.5]).div(step + 1));
  };
  const values = () => [...weight.toArray(), ...bias.toArray()];
  return { weight, bias, flat, setGradients, values, optimizer: new AdamW(flat, { weightDecay: 0.05 }) };
}

test('F5: parameters are views of two buffers, split by whether they decay, and backward fills the gradients', () => {
  const { flat, weight, bias } = problem();
  expect(flat.decayed.names).toEqual(['layer.weight']);
  expect(flat.plain.names).toEqual(['layer.bias']);
  flat.decayed.values.mul_(2);
  expect(weight.toArray()).toEqual([1, -2, 4, 0.5]);
  expect(weight.isLeaf).toBe(true);
  weight.mul(3).sum().add(bias.sum()).backward();
  weight.sum().backward();
  expect(flat.decayed.gradients.toArray()).toEqual([4, 4, 4, 4]);
  expect(flat.plain.gradients.toArray()).toEqual([1, 1]);
});

test('F5: steps are those of torch.optim.AdamW, without decay on biases', () => {
  const { optimizer, setGradients, values } = problem();
  RATES.forEach((rate, step) => {
    setGradients(step);
    optimizer.step(full([], rate), YES);
    values().forEach((value, i) => {
      expect(Math.abs(value - EXPECTED[step]![i]!)).toBeLessThan(3e-7);
    });
  });
});

test('a step that is not finite changes nothing and does not count', () => {
  const { optimizer, setGradients, values, flat } = problem();
  const bytes = (state: Map<string, Tensor>) => [...state.values()].map((t) => t.toArray());
  RATES.forEach((rate, step) => {
    const before = [values(), bytes(optimizer.state())];
    flat.decayed.gradients.fill_(Number.NaN);
    flat.plain.gradients.fill_(Number.POSITIVE_INFINITY);
    optimizer.step(full([], rate), NO);
    expect([values(), bytes(optimizer.state())]).toEqual(before);
    setGradients(step);
    optimizer.step(full([], rate), YES);
  });
  values().forEach((value, i) => {
    expect(Math.abs(value - EXPECTED[3]![i]!)).toBeLessThan(3e-7);
  });
});
