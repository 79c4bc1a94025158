import { combineHash, hash32 } from '../random/index.ts';
import { arange, aten, noGrad, scope, type Tensor } from '../torch/index.ts';
import type { Mode } from './mode.ts';

/**
 * Dropout whose mask is a function of (seed, step, layer, the sample's index in the data set, channel or
 * element): the same on CPU and GPU, for any split of a batch over devices, and without a generator to save.
 */
export class Dropout {
  readonly #rate: number;
  readonly #layer: number;
  readonly #dims: 'channels' | 'elements';

  /**
   * @param rate share that is dropped
   * @param name of the layer; layers of different names draw different masks
   * @param dims whole channels of (B, C, 1, T), or every element
   */
  constructor(rate: number, name: string, dims: 'channels' | 'elements') {
    this.#rate = rate;
    this.#layer = [...name].reduce((state, character) => hash32(state, character.codePointAt(0)!), DROPOUT);
    this.#dims = dims;
  }

  get rate(): number {
    return this.#rate;
  }

  /** The hash that all masks of this layer start from. */
  key(seed: number): number {
    return hash32(seed, this.#layer);
  }

  forward(x: Tensor, mode: Mode): Tensor {
    if (!mode.isTraining || this.#rate === 0) return x;
    const [batch, ...rest] = x.shape as [number, ...number[]];
    const inner = this.#dims === 'channels' ? [rest[0]!, ...rest.slice(1).map(() => 1)] : rest;
    const count = inner.reduce((product, size) => product * size, 1);
    const mask = noGrad(() =>
      scope(() => {
        const key = this.key(mode.seed);
        const ofStep = typeof mode.step === 'number' ? combineHash(key, mode.step) : combine(key, mode.step);
        const perSample = combine(ofStep, mode.samples);
        const bits = combine(perSample.unsqueeze(1), arange(count, { device: x.device }).unsqueeze(0));
        const isKept = aten['ge.Scalar']({ self: bits, other: Math.round(this.#rate * 2 ** 32) });
        return isKept
          .to({ dtype: x.dtype })
          .mul(1 / (1 - this.#rate))
          .view(batch, ...inner);
      }),
    );
    return x.mul(mask);
  }
}

const DROPOUT = 4;

// hash32 of random/, on int64 tensors that hold 32 bits.
function combine(state: Tensor | number, counter: Tensor): Tensor {
  const mixed = mix(aten['bitwise_and.Scalar']({ self: counter, other: 0xffff_ffff }));
  const shifted = typeof state === 'number' ? (state + 0x9e3779b9) >>> 0 : low32(state.add(0x9e3779b9));
  return mix(
    typeof shifted === 'number'
      ? aten['bitwise_xor.Scalar']({ self: mixed, other: shifted })
      : aten['bitwise_xor.Tensor']({ self: mixed, other: shifted }),
  );
}

function mix(x: Tensor): Tensor {
  const once = low32(fold(x, 16).mul(0x7feb352d));
  return fold(low32(fold(once, 15).mul(0x846ca68b)), 16);
}

function fold(x: Tensor, shift: number): Tensor {
  const right = aten['bitwise_right_shift.Tensor_Scalar']({ self: x, other: shift });
  return aten['bitwise_xor.Tensor']({ self: x, other: right });
}

function low32(x: Tensor): Tensor {
  return aten['bitwise_and.Scalar']({ self: x, other: 0xffff_ffff });
}
