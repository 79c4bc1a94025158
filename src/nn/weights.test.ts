import { expect, test } from 'vitest';
import { gradients, scope, type Tensor, tensor } from '../torch/index.ts';
import { loadWeights, moveWeights, type WeightStore, Weights } from './index.ts';

function emptyStore(): WeightStore {
  return { parameters: new Map(), buffers: new Map() };
}

test('first values are the hash of seed, name and element, as python computes it', () => {
  const place = new Weights(emptyStore(), 42).at('encoder').at('input_conv').at('conv');
  // mix(x): x ^= x >> 16; x *= 0x7feb352d; x ^= x >> 15; x *= 0x846ca68b; x ^= x >> 16 (mod 2**32)
  // h(s, *c): s = mix(s); for each c: s = mix((s + 0x9e3779b9) ^ mix(c))
  // key = 3; for each character of the name: key = h(key, ord(character))
  // element i is float32(-0.5 + (h(42, key, i) + 0.5) / 2**32)
  expect(place.uniform('weight', [2, 2], -0.5, 0.5).toArray()).toEqual([
    0.44330766797065735, 0.46670180559158325, 0.3209269642829895, 0.20737476646900177,
  ]);
});

test('draws fill their range evenly: mean, variance, ends', () => {
  const weights = new Weights(emptyStore(), 1);
  const drawn = weights.uniform('w', [100, 200], -2, 4).toArray();
  const mean = drawn.reduce((a, b) => a + b) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
  // 20,000 draws; standard errors 0.012 and 0.019
  expect(Math.abs(mean - 1)).toBeLessThan(0.05);
  expect(Math.abs(variance - 3)).toBeLessThan(0.08);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-2);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(4);
});

test('a weight does not depend on those made before it, but on its name and seed', () => {
  const draw = (seed: number, names: string[]) => {
    const weights = new Weights(emptyStore(), seed);
    return new Map(names.map((name) => [name, weights.uniform(name, [8], 0, 1).toArray()]));
  };
  const [forwards, backwards] = [draw(1, ['a', 'b', 'ab']), draw(1, ['ab', 'b', 'a'])];
  for (const [name, values] of forwards) expect(backwards.get(name)).toEqual(values);
  expect(forwards.get('a')).not.toEqual(forwards.get('b'));
  expect(draw(2, ['a']).get('a')).not.toEqual(forwards.get('a'));
});

test('parameters are leaves that want gradients; buffers are not', () => {
  const store = emptyStore();
  const place = new Weights(store, 1).at('layers').at(0);
  place.constant('weight', [2], 1);
  place.buffer('running_mean', [2], 0);
  expect([...store.parameters.keys()]).toEqual(['layers.0.weight']);
  expect([...store.buffers.keys()]).toEqual(['layers.0.running_mean']);
  expect(store.parameters.get('layers.0.weight')!.requiresGrad).toBe(true);
  expect(store.buffers.get('layers.0.running_mean')!.requiresGrad).toBe(false);
});

function small(): WeightStore {
  const store = emptyStore();
  const weights = new Weights(store, 1);
  weights.constant('head.weight', [2, 3], 1);
  weights.constant('head.bias', [2], 1);
  weights.buffer('norm.running_mean', [2], 0);
  return store;
}

test('loadWeights copies by name, in any order', () => {
  const store = small();
  loadWeights(
    store,
    new Map([
      ['norm.running_mean', tensor([7, 8])],
      ['head.bias', tensor([5, 6])],
      [
        'head.weight',
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ],
    ]),
  );
  expect(store.parameters.get('head.weight')!.toArray()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(store.parameters.get('head.bias')!.toArray()).toEqual([5, 6]);
  expect(store.buffers.get('norm.running_mean')!.toArray()).toEqual([7, 8]);
  expect(store.parameters.get('head.bias')!.requiresGrad).toBe(true);
});

test('loadWeights names everything that does not fit, and changes nothing', () => {
  const store = small();
  const values = new Map([
    [
      'head.weight',
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ],
    ['head.bias', tensor([5, 6])],
    ['tail.bias', tensor([5, 6])],
  ]);
  expect(() => loadWeights(store, values)).toThrow(
    expect.objectContaining({
      code: 'NN_WEIGHTS',
      message:
        'These weights do not fit the model: head.weight is (2, 2), expected (2, 3); norm.running_mean is missing; tail.bias is unknown.',
    }),
  );
  expect(store.parameters.get('head.bias')!.toArray()).toEqual([1, 1]);
});

test('moveWeights to float64 keeps leaves, gradients and integers, and the tensors that layers hold', () => {
  const store = emptyStore();
  const weights = new Weights(store, 1);
  const held = weights.uniform('w', [3], 0, 1);
  const count = weights.buffer('batches', [], 4, 'int64');
  const mean = weights.buffer('mean', [3], 0.5);
  const before = held.toArray();
  scope(() => moveWeights(store, { dtype: 'float64' }));
  expect([held.dtype, mean.dtype, count.dtype]).toEqual(['float64', 'float64', 'int64']);
  expect(held.toArray()).toEqual(before);
  expect(count.item()).toBe(4);
  expect(held.isLeaf && held.requiresGrad).toBe(true);
  const [gradient] = gradients([held.pow(2).sum()], [held]) as [Tensor];
  expect(gradient.dtype).toBe('float64');
  expect(gradient.toArray()).toEqual(before.map((value) => 2 * value));
  held.pow(2).sum().backward();
  expect(held.grad!.toArray()).toEqual(gradient.toArray());
  moveWeights(store, { dtype: 'float32' });
  expect(held.dtype).toBe('float32');
});
