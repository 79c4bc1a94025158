import { expect, test } from 'vitest';
import { autocast, type Dtype, gradients, scope, type Tensor } from '../torch/index.ts';
import { Mamba2, moveWeights, ssd, type WeightStore, Weights } from './index.ts';
import { relativeError, values } from './testing/values.ts';

/** The output and the gradients by every leaf of a weighted sum of it, with autocast to `cast` or without. */
function differentiate(leaves: readonly Tensor[], cast: Dtype | null, compute: () => Tensor): Tensor[] {
  return scope(() => {
    const y = autocast({ device: 'cpu', dtype: cast }, compute);
    const weighted = y.mul(values(y.shape, 6, { dtype: y.dtype })).sum();
    return [y.detach(), ...(gradients([weighted], leaves) as Tensor[])];
  });
}

test.each([1, 64, 200, 960])('ssd under bfloat16 autocast over %i steps stays in float32', (length) => {
  const given = [
    values([2, length, 4, 8], 1),
    values([2, length, 4], 2, { low: 0.001, high: 0.1 }),
    values([4], 3, { low: -16, high: -1 }),
    values([2, length, 16], 4),
    values([2, length, 16], 5),
  ];
  const run = (dtype: Dtype, cast: Dtype | null) => {
    const leaves = given.map((t) => t.to({ dtype, copy: true }).withGrad());
    const [x, dt, a, b, c] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor];
    return differentiate(leaves, cast, () => ssd(x, dt, a, b, c));
  };
  const expected = run('float64', null);
  run('float32', 'bfloat16').forEach((found, i) => {
    expect(found.dtype).toBe('float32');
    expect(relativeError(found, expected[i]!), `${i}`).toBeLessThan(1e-5);
  });
});

/** The root of the summed squares of the difference, in shares of that of `expected`. */
function distance(found: Tensor, expected: Tensor): number {
  const norm = (t: Tensor) => scope(() => t.to({ dtype: 'float64' }).pow(2).sum().sqrt().item());
  return scope(() => norm(found.to({ dtype: 'float64' }).sub(expected))) / norm(expected);
}

test.each([65, 960])('Mamba2 under bfloat16 autocast over %i steps: output and every gradient', (length) => {
  const run = (dtype: Dtype, cast: Dtype | null) => {
    const store: WeightStore = { parameters: new Map(), buffers: new Map() };
    const options = { model: 64, state: 16, expand: 2, headDim: 32, convKernel: 4 };
    const layer = new Mamba2(new Weights(store, 7), options);
    moveWeights(store, { dtype });
    const input = values([2, length, 64], 9, { dtype }).withGrad();
    const found = differentiate([input, ...store.parameters.values()], cast, () => layer.forward(input));
    return new Map(['output', 'input', ...store.parameters.keys()].map((name, i) => [name, found[i]!]));
  };
  const expected = run('float64', null);
  for (const [name, value] of run('float32', 'bfloat16')) {
    // A head's one number sums terms of both signs over all steps: their rounding stays where they cancel.
    const isPerHead = ['dt_bias', 'A_log', 'D'].includes(name);
    expect(distance(value, expected.get(name)!), name).toBeLessThan(isPerHead ? 5e-2 : 1e-2);
  }
});
