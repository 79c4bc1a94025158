import { InputError } from '../errors.ts';
import { combineHash, hash32, share } from '../random/index.ts';
import { type Dtype, fromTypedArray, full, noGrad, type Tensor } from '../torch/index.ts';

/** The weights of a model by dotted name, as in a PyTorch state dict. */
export interface WeightStore {
  /** What training changes. */
  readonly parameters: Map<string, Tensor>;
  /** What training only keeps, such as running means. */
  readonly buffers: Map<string, Tensor>;
}

/** Bound of PyTorch's default first values: kaiming_uniform with a = sqrt(5) (He et al. 2015) is 1 / sqrt(fan in). */
export function firstBound(fanIn: number): number {
  return 1 / Math.sqrt(fanIn);
}

/**
 * A place in the tree of a model's weights; layers make theirs here. First values are a function of the seed,
 * the weight's name and the element, so they are the same on every machine and do not depend on the order in
 * which layers are made.
 */
export class Weights {
  readonly name: string;
  readonly #store: WeightStore;
  readonly #seed: number;

  constructor(store: WeightStore, seed: number, name = '') {
    this.#store = store;
    this.#seed = seed;
    this.name = name;
  }

  /** The place of a part, such as `conv` or `0`. */
  at(part: string | number): Weights {
    return new Weights(this.#store, this.#seed, this.#full(String(part)));
  }

  /** A parameter drawn uniformly from [low, high). */
  uniform(name: string, shape: readonly number[], low: number, high: number): Tensor {
    return this.drawn(name, shape, (share) => low + share * (high - low));
  }

  /** A parameter with each element computed from a number uniform in (0, 1). */
  drawn(name: string, shape: readonly number[], value: (share: number) => number): Tensor {
    const path = this.#full(name);
    const key = [...path].reduce(
      (state, character) => hash32(state, character.codePointAt(0)!),
      INITIAL_VALUES,
    );
    const size = shape.reduce((product, length) => product * length, 1);
    const state = hash32(this.#seed, key);
    const values = new Float32Array(size);
    for (let index = 0; index < size; index++) values[index] = value(share(combineHash(state, index)));
    return this.#add(path, fromTypedArray(values, shape));
  }

  /** A parameter that starts at one value. */
  constant(name: string, shape: readonly number[], value: number): Tensor {
    return this.#add(this.#full(name), full(shape, value, { device: 'cpu' }));
  }

  buffer(name: string, shape: readonly number[], value: number, dtype: Dtype = 'float32'): Tensor {
    const tensor = full(shape, value, { dtype, device: 'cpu' });
    this.#store.buffers.set(this.#full(name), tensor);
    return tensor;
  }

  #add(path: string, tensor: Tensor): Tensor {
    this.#store.parameters.set(path, tensor.withGrad());
    return tensor;
  }

  #full(part: string): string {
    return this.name === '' ? part : `${this.name}.${part}`;
  }
}

/** Keeps the draws of first values apart from others with the same seed. */
const INITIAL_VALUES = 3;

/**
 * Copies values into a model's weights by name.
 *
 * @throws InputError `NN_WEIGHTS` naming every weight that is missing, unknown or of another shape
 */
export function loadWeights(store: WeightStore, values: ReadonlyMap<string, Tensor>): void {
  const own = new Map([...store.parameters, ...store.buffers]);
  const problems = [
    ...[...own].flatMap(([name, tensor]) => {
      const value = values.get(name);
      if (value === undefined) return [`${name} is missing`];
      const [expected, found] = [tensor.shape.join(', '), value.shape.join(', ')];
      return expected === found ? [] : [`${name} is (${found}), expected (${expected})`];
    }),
    ...[...values.keys()].filter((name) => !own.has(name)).map((name) => `${name} is unknown`),
  ];
  if (problems.length > 0)
    throw new InputError('NN_WEIGHTS', `These weights do not fit the model: ${problems.join('; ')}.`);
  noGrad(() => {
    for (const [name, tensor] of own) tensor.copy_(values.get(name)!);
  });
}

/** Moves a model's weights to another device or dtype, in place. Integer buffers keep their dtype. */
export function moveWeights(store: WeightStore, to: { device?: Tensor['device']; dtype?: Dtype }): void {
  noGrad(() => {
    for (const tensor of [...store.parameters.values(), ...store.buffers.values()]) {
      const { dtype } = tensor;
      using moved = tensor.detach().to({
        ...(to.device && { device: to.device }),
        ...(to.dtype && dtype.startsWith('float') && { dtype: to.dtype }),
        copy: true,
      });
      tensor.setData(moved);
    }
  });
}
