import { expect, test } from 'vitest';
import { full, type Tensor, tensor } from '../torch/index.ts';
import { flatten } from './flat-parameters.ts';
import { Sgd } from './sgd.ts';
import { reference } from './testing/reference.ts';

const RATES = [0.1, 0.3, 0.2, 0.05];
const YES = tensor(true, { dtype: 'bool' });
const NO = tensor(false, { dtype: 'bool' });

function problem(options: { momentum: number; weightDecay: number }) {
  const weight = tensor([[0.5, -1.0], [2.0, 0.25]]).withGrad(); // biome-ignore format: a matrix
  const bias = tensor([0.1, -0.2]).withGrad();
  const flat = flatten(new Map([['weight', weight], ['bias', bias]])); // biome-ignore format: short
  const setGradients = (step: number) => {
    flat.decayed.gradients.copy_(tensor([0.1, -0.2, 0.3, 0.05]).mul(step + 1));
    flat.plain.gradients.copy_(tensor([1, -0.5]).div(step + 1));
  };
  const values = () => [...weight.toArray(), ...bias.toArray()];
  return { flat, setGradients, values, optimizer: new Sgd(flat, options) };
}

function expectClose(found: readonly number[], expected: readonly number[]) {
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(3e-7);
  });
}

test.each(reference.sgd)(
  'steps are those of torch.optim.SGD: momentum $momentum, decay $weight_decay',
  (row) => {
    const { optimizer, setGradients, values } = problem({
      momentum: row.momentum,
      weightDecay: row.weight_decay,
    });
    RATES.forEach((rate, step) => {
      setGradients(step);
      optimizer.step(full([], rate), YES);
      expectClose(values(), row.values[step]!);
    });
  },
);

test('a step that is not finite changes nothing', () => {
  const row = reference.sgd[0]!;
  const { optimizer, setGradients, values, flat } = problem({
    momentum: row.momentum,
    weightDecay: row.weight_decay,
  });
  const state = () => [values(), [...optimizer.state().values()].map((t: Tensor) => t.toArray())];
  RATES.forEach((rate, step) => {
    const before = state();
    flat.decayed.gradients.fill_(Number.NaN);
    flat.plain.gradients.fill_(Number.NEGATIVE_INFINITY);
    optimizer.step(full([], rate), NO);
    expect(state()).toEqual(before);
    setGradients(step);
    optimizer.step(full([], rate), YES);
  });
  expectClose(values(), row.values[3]!);
});
