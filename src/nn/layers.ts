import { aten, full, hasKernels, own, type Tensor } from '../torch/index.ts';
import type { Dropout } from './dropout.ts';
import type { Mode } from './mode.ts';
import { firstBound, type Weights } from './weights.ts';

/** A linear map of the last dimension. */
export class Linear {
  readonly #weight: Tensor;
  readonly #bias: Tensor | null;

  constructor(weights: Weights, inputs: number, outputs: number, { hasBias = true } = {}) {
    const limit = firstBound(inputs);
    this.#weight = weights.uniform('weight', [outputs, inputs], -limit, limit);
    this.#bias = hasBias ? weights.uniform('bias', [outputs], -limit, limit) : null;
  }

  get weight(): Tensor {
    return this.#weight;
  }

  get bias(): Tensor | null {
    return this.#bias;
  }

  forward(x: Tensor): Tensor {
    return aten.linear({ input: x, weight: this.#weight, bias: this.#bias });
  }
}

/** Layer normalisation of the last dimension (Ba et al. 2016). */
export class LayerNorm {
  readonly #weight: Tensor;
  readonly #bias: Tensor;

  constructor(weights: Weights, size: number) {
    this.#weight = weights.constant('weight', [size], 1);
    this.#bias = weights.constant('bias', [size], 0);
  }

  get weight(): Tensor {
    return this.#weight;
  }

  get bias(): Tensor {
    return this.#bias;
  }

  forward(x: Tensor): Tensor {
    const { shape } = this.#weight;
    return aten.layer_norm({ input: x, normalized_shape: shape, weight: this.#weight, bias: this.#bias });
  }
}

/**
 * Layer norm of dropout(x) + residual, (B, L, D); on CUDA by bgb's own kernel, which draws the mask again in
 * backward instead of keeping it.
 */
export function residualNorm(
  norm: LayerNorm,
  dropout: Dropout,
  x: Tensor,
  residual: Tensor,
  mode: Mode,
): Tensor {
  if (!hasKernels(x) || x.shape[2]! % 128 !== 0) return norm.forward(dropout.forward(x, mode).add(residual));
  const isDropping = mode.isTraining && dropout.rate > 0;
  const step = (count: number | Tensor) =>
    typeof count === 'number' ? full([], count, { dtype: 'int64', device: x.device }) : count;
  return own.residual_norm({
    input: x,
    residual,
    weight: norm.weight,
    bias: norm.bias,
    samples: isDropping ? mode.samples : null,
    step: isDropping ? step(mode.step) : null,
    key: isDropping ? dropout.key(mode.seed) : 0,
    rate: isDropping ? dropout.rate : 0,
  });
}

/** Root-mean-square normalisation of the last dimension with a weight (Zhang and Sennrich 2019), in float32 at least. */
export class RmsNorm {
  readonly #weight: Tensor;

  constructor(weights: Weights, size: number) {
    this.#weight = weights.constant('weight', [size], 1);
  }

  get weight(): Tensor {
    return this.#weight;
  }

  forward(x: Tensor): Tensor {
    const wide = x.dtype === 'float64' ? x : x.to({ dtype: 'float32' });
    const inverse = aten.rsqrt({ self: wide.mul(wide).mean({ dim: -1, keepDim: true }).add(1e-5) });
    return wide.mul(inverse).mul(this.#weight);
  }
}
