import { expect, test } from 'vitest';
import { noGrad, tensor } from '../torch/index.ts';
import { flatten } from './flat-parameters.ts';
import { reference } from './testing/reference.ts';
import { WeightAverage } from './weight-average.ts';

function model() {
  const weight = tensor([[1, -2]]).withGrad();
  const bias = tensor([3]).withGrad();
  const parameters = new Map([['layer.bias', bias], ['layer.weight', weight]]); // biome-ignore format: short
  return { weight, bias, parameters, flat: flatten(parameters) };
}

test.each(reference.average)(
  'the average is torch.optim.swa_utils’ with decay $decay',
  ({ decay, values }) => {
    const { weight, parameters, flat } = model();
    using average = new WeightAverage(flat, decay);
    const found = average.state(parameters).get('ema.layer.weight')!;
    expect(found.shape).toEqual([1, 2]);
    values.forEach((expected, step) => {
      noGrad(() => weight.add_(tensor([[0.5, 0.25]]).mul(step + 1)));
      average.update(step);
      found.toArray().forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
      });
    });
  },
);

test('within, the averages are the weights; afterwards both are what they were, also after an error', async () => {
  const { weight, bias, parameters, flat } = model();
  using average = new WeightAverage(flat, 0.5);
  noGrad(() => flat.decayed.values.mul_(3));
  average.update(0);
  const state = () => [...average.state(parameters).values()].map((tensor) => tensor.toArray());
  const before = [weight.toArray(), bias.toArray(), state()];
  expect(before).toEqual([[3, -6], [3], [[expect.closeTo(2.8, 6), expect.closeTo(-5.6, 6)], [3]]]);
  await average.within(async () => {
    expect(weight.toArray()).toEqual([expect.closeTo(2.8, 6), expect.closeTo(-5.6, 6)]);
    expect(weight.requiresGrad).toBe(true);
  });
  expect([weight.toArray(), bias.toArray(), state()]).toEqual(before);
  await expect(
    average.within(async () => {
      throw new Error('no memory');
    }),
  ).rejects.toThrow('no memory');
  expect([weight.toArray(), bias.toArray(), state()]).toEqual(before);
});
