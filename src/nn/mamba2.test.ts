import { expect, test } from 'vitest';
import { aten, gradients, noGrad, scope, stack, type Tensor, tensor } from '../torch/index.ts';
import { Mamba2, moveWeights, ssd, type WeightStore, Weights } from './index.ts';
import { relativeError, values } from './testing/values.ts';

type Operands = readonly [x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor];

// h_t = exp(dt_t A) h_{t-1} + dt_t x_t B_t^T, y_t = h_t C_t, one step after the other.
function recurrence(...[x, dt, a, b, c]: Operands): Tensor {
  const [batch, length, heads, width] = x.shape as [number, number, number, number];
  const outputs: Tensor[] = [];
  let state = tensor(0, { dtype: 'float64' }).expand(batch, heads, width, b.shape[2]!);
  for (let t = 0; t < length; t++) {
    const step = dt.select(1, t).unsqueeze(2).unsqueeze(3); // (B, H, 1, 1)
    const row = b.select(1, t).unsqueeze(1).unsqueeze(2); // (B, 1, 1, N)
    const column = c.select(1, t).unsqueeze(1).unsqueeze(2);
    const decay = step.mul(a.view(1, heads, 1, 1)).exp();
    state = decay.mul(state).add(step.mul(x.select(1, t).unsqueeze(3)).mul(row));
    outputs.push(state.mul(column).sum({ dim: 3 }));
  }
  return stack(outputs, 1);
}

interface Case {
  batch: number;
  length: number;
  heads?: number;
  width?: number;
  state?: number;
  /** dt is uniform in these */
  steps?: readonly [number, number];
}

function operands({ batch, length, heads = 3, width = 4, state = 5, steps = [0.001, 0.1] }: Case): Operands {
  return [
    values([batch, length, heads, width], 1),
    values([batch, length, heads], 2, { low: steps[0], high: steps[1] }),
    values([heads], 3, { low: -16, high: -1 }),
    values([batch, length, state], 4),
    values([batch, length, state], 5),
  ];
}

/** The output and the gradients by every operand of a weighted sum of it. */
function run(
  compute: (...operands: Operands) => Tensor,
  given: Operands,
  dtype: 'float32' | 'float64',
): Tensor[] {
  return scope(() => {
    const leaves = given.map((t) => t.to({ dtype, copy: true }).withGrad());
    const y = compute(...(leaves as unknown as Operands));
    const weighted = y.mul(values(y.shape, 6, { dtype })).sum();
    return [y.detach(), ...(gradients([weighted], leaves) as Tensor[])];
  });
}

const LENGTHS = [1, 3, 63, 64, 65, 128, 200];

test.each(LENGTHS)('ssd equals the recurrence over %i steps: output and all gradients', (length) => {
  for (const batch of [1, 3]) {
    const given = operands({ batch, length });
    const expected = run(recurrence, given, 'float64');
    run(ssd, given, 'float64').forEach((found, i) => {
      expect(relativeError(found, expected[i]!)).toBeLessThan(1e-10);
    });
    run(ssd, given, 'float32').forEach((found, i) => {
      expect(found.dtype).toBe('float32');
      expect(relativeError(found, expected[i]!)).toBeLessThan(1e-5);
    });
  }
});

test.each([
  ['forgets at once', [6, 100]],
  ['hardly forgets', [1e-9, 1e-7]],
  ['mixed', [0, 8]],
] as const)('ssd that %s: finite and exact', (_, steps) => {
  const given = operands({ batch: 2, length: 200, steps });
  const expected = run(recurrence, given, 'float64');
  // Where all is forgotten, the gradient by A is almost 0, the small difference of large sums.
  run(ssd, given, 'float64').forEach((found, i) => {
    expect(relativeError(found, expected[i]!)).toBeLessThan(1e-9);
  });
  for (const found of run(ssd, given, 'float32')) expect(found.toArray().every(Number.isFinite)).toBe(true);
});

test('ssd over 4096 steps that each decay by exp(-100), then by exp(-1e-3): finite gradients', () => {
  const [x, , , b, c] = operands({ batch: 1, length: 4096, heads: 2 });
  for (const decay of [100, 1e-3]) {
    const dt = aten.full_like({ self: values([1, 4096, 2], 0), fill_value: decay });
    const found = run(ssd, [x, dt, tensor([-1, -1]), b, c], 'float32');
    for (const part of found) expect(part.toArray().every(Number.isFinite)).toBe(true);
  }
});

const OPTIONS = { model: 6, state: 5, expand: 2, headDim: 4, convKernel: 4 };

function layer(options: typeof OPTIONS, dtype: 'float32' | 'float64'): { mamba: Mamba2; store: WeightStore } {
  const store = { parameters: new Map(), buffers: new Map() };
  const mamba = new Mamba2(new Weights(store, 7).at('m'), options);
  moveWeights(store, { dtype });
  return { mamba, store };
}

// The block of the paper (figure 6, right) with the recurrence in its middle, written from the weights alone.
function plainBlock(input: Tensor, w: (name: string) => Tensor, options: typeof OPTIONS): Tensor {
  const { model, state, expand, headDim, convKernel } = options;
  const [batch, length] = input.shape as [number, number];
  const inner = expand * model;
  const heads = inner / headDim;
  const projected = input.matmul(w('in_proj.weight').transpose(0, 1));
  const z = projected.slice(2, 0, inner);
  const convolvable = projected.slice(2, inner, 2 * inner + 2 * state);
  const dt = projected.slice(2, 2 * inner + 2 * state).add(w('dt_bias'));
  const taps = w('conv1d.weight');
  const steps = Array.from({ length }, (_, t) => {
    // The last tap weighs the present.
    const terms = Array.from({ length: Math.min(convKernel, t + 1) }, (_, back) =>
      convolvable.select(1, t - back).mul(taps.select(2, convKernel - 1 - back).select(1, 0)),
    );
    return terms.reduce((sum, term) => sum.add(term)).add(w('conv1d.bias'));
  });
  const convolved = stack(steps, 1);
  const active = convolved.mul(convolved.sigmoid());
  const x = active.slice(2, 0, inner).reshape(batch, length, heads, headDim);
  const y = recurrence(
    x,
    dt.exp().add(1).log(),
    w('A_log').exp().neg(),
    active.slice(2, inner, inner + state),
    active.slice(2, inner + state),
  );
  const skipped = y.add(w('D').view(heads, 1).mul(x)).reshape(batch, length, inner);
  const gated = skipped.mul(z).mul(z.sigmoid());
  const meanSquare = gated.pow(2).mean({ dim: 2, keepDim: true });
  const normal = gated.div(meanSquare.add(1e-5).sqrt()).mul(w('norm.weight'));
  return normal.matmul(w('out_proj.weight').transpose(0, 1));
}

/** The output and the gradients by the input and by every weight, by name. */
function runLayer(
  store: WeightStore,
  input: Tensor,
  compute: (input: Tensor) => Tensor,
): Map<string, Tensor> {
  return scope(() => {
    const leaf = input.clone().withGrad();
    const y = compute(leaf);
    const weighted = y.mul(values(y.shape, 8, { dtype: y.dtype })).sum();
    const found = gradients([weighted], [leaf, ...store.parameters.values()]) as Tensor[];
    const names = ['input', ...store.parameters.keys()];
    return new Map([['output', y.detach()], ...names.map((name, i) => [name, found[i]!] as const)]);
  });
}

test.each([
  [1, 1, OPTIONS],
  [2, 3, OPTIONS],
  [3, 65, OPTIONS],
  [2, 200, { ...OPTIONS, convKernel: 5, headDim: 2 }],
  [1, 64, { ...OPTIONS, convKernel: 1, headDim: 1, expand: 1, state: 1 }],
])('Mamba2 equals the recurrence: batch %i, %i steps, %o', (batch, length, options) => {
  const wide = layer(options, 'float64');
  const input = values([batch, length, options.model], 9);
  const weight = (name: string) => wide.store.parameters.get(`m.${name}`)!;
  const expected = runLayer(wide.store, input, (x) => plainBlock(x, weight, options));
  expect([...expected.keys()]).toHaveLength(10);
  const found = runLayer(wide.store, input, (x) => wide.mamba.forward(x));
  const narrow = layer(options, 'float32');
  const rounded = runLayer(narrow.store, input.to({ dtype: 'float32' }), (x) => narrow.mamba.forward(x));
  for (const [name, value] of expected) {
    expect(relativeError(found.get(name)!, value), name).toBeLessThan(1e-10);
    expect(relativeError(rounded.get(name)!, value), name).toBeLessThan(1e-5);
  }
});

test('Mamba2 is causal: a later input leaves earlier outputs equal to the bit', () => {
  const { mamba } = layer(OPTIONS, 'float32');
  const input = values([2, 150, 6], 10, { dtype: 'float32' });
  const before = noGrad(() => mamba.forward(input));
  for (const t of [1, 63, 64, 100, 149]) {
    const changed = input.clone();
    changed.slice(1, t).fill_(3);
    const after = noGrad(() => mamba.forward(changed));
    expect(after.slice(1, 0, t).toArray()).toEqual(before.slice(1, 0, t).toArray());
    expect(after.select(1, t).toArray()).not.toEqual(before.select(1, t).toArray());
  }
});

test('first values of Mamba2: dt log-uniform in [0.001, 0.1] through softplus, A in [1, 16], D one', () => {
  const { store } = layer({ model: 64, state: 2, expand: 2, headDim: 1, convKernel: 4 }, 'float64');
  const steps = store.parameters
    .get('m.dt_bias')!
    .toArray()
    .map((bias) => Math.log1p(Math.exp(bias)));
  const decays = store.parameters.get('m.A_log')!.toArray().map(Math.exp);
  for (const step of steps) expect(step > 0.000999 && step < 0.1001).toBe(true);
  for (const decay of decays) expect(decay > 0.999 && decay < 16.001).toBe(true);
  const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b) / numbers.length;
  // 128 draws; standard errors 0.12 and 0.38
  expect(Math.abs(mean(steps.map(Math.log)) - Math.log(0.01))).toBeLessThan(0.4);
  expect(Math.abs(mean(decays) - 8.5)).toBeLessThan(1.3);
  expect(new Set(store.parameters.get('m.D')!.toArray())).toEqual(new Set([1]));
});
