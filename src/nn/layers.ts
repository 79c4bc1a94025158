import { aten, noGrad, own, type Tensor } from '../torch/index.ts';
import type { Mode, Peers } from './mode.ts';
import type { Weights } from './weights.ts';

/** Bound of PyTorch's default first values: kaiming_uniform with a = sqrt(5) (He et al. 2015) is 1 / sqrt(fan in). */
function bound(fanIn: number): number {
  return 1 / Math.sqrt(fanIn);
}

export interface ConvOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

/**
 * Convolution over time of (B, C, 1, T): conv2d with a kernel of (1, k), which equals conv1d exactly and keeps
 * channels-last order. The weight has conv1d's shape (O, I, k).
 */
export class Conv1d {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #stride: number;
  readonly #padding: number;

  constructor(weights: Weights, { inputs, outputs, kernel, stride = 1, padding = 0 }: ConvOptions) {
    const limit = bound(inputs * kernel);
    this.#weight = weights.uniform('weight', [outputs, inputs, kernel], -limit, limit);
    this.#bias = weights.uniform('bias', [outputs], -limit, limit);
    this.#stride = stride;
    this.#padding = padding;
  }

  forward(x: Tensor): Tensor {
    return aten.conv2d({
      input: x,
      weight: this.#weight.unsqueeze(2),
      bias: this.#bias,
      stride: [1, this.#stride],
      padding: [0, this.#padding],
    });
  }
}

/**
 * Transposed convolution that makes (B, C, 1, T) `stride` times as long. The kernel may be longer than the
 * stride by an even number of taps; the surplus is cut at both ends.
 */
export class ConvTranspose1d {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #stride: number;
  readonly #padding: number;

  constructor(weights: Weights, { inputs, outputs, kernel, stride = 2 }: ConvOptions) {
    const limit = bound(outputs * kernel);
    this.#weight = weights.uniform('weight', [inputs, outputs, kernel], -limit, limit);
    this.#bias = weights.uniform('bias', [outputs], -limit, limit);
    this.#stride = stride;
    this.#padding = (kernel - stride) / 2;
  }

  forward(x: Tensor): Tensor {
    const longer = aten['conv_transpose2d.input']({
      input: x,
      weight: this.#weight.unsqueeze(2),
      bias: this.#bias,
      stride: [1, this.#stride],
      padding: [0, this.#padding],
    });
    // On the CPU the result comes in another order, which everything after it would inherit.
    return longer.contiguous('channels_last');
  }
}

/** Batch normalisation over (B, 1, T) of (B, C, 1, T) (Ioffe and Szegedy 2015), with PyTorch's defaults. */
export class BatchNorm {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #mean: Tensor;
  readonly #variance: Tensor;
  readonly #batches: Tensor;

  constructor(weights: Weights, channels: number) {
    this.#weight = weights.constant('weight', [channels], 1);
    this.#bias = weights.constant('bias', [channels], 0);
    this.#mean = weights.buffer('running_mean', [channels], 0);
    this.#variance = weights.buffer('running_var', [channels], 1);
    this.#batches = weights.buffer('num_batches_tracked', [], 0, 'int64');
  }

  forward(x: Tensor, mode: Mode): Tensor {
    if (mode.isTraining) noGrad(() => aten['add_.Scalar']({ self: this.#batches, other: 1 }));
    if (mode.isTraining && mode.peers) return this.#overPeers(x, mode.peers);
    return aten.batch_norm({
      input: x,
      weight: this.#weight,
      bias: this.#bias,
      running_mean: this.#mean,
      running_var: this.#variance,
      training: mode.isTraining,
      momentum: 0.1,
      eps: 1e-5,
      cudnn_enabled: true,
    });
  }

  #overPeers(x: Tensor, { group, windows }: Peers): Tensor {
    const perWindow = x.shape[2]! * x.shape[3]!;
    return own.sync_batch_norm({
      input: x,
      weight: this.#weight,
      bias: this.#bias,
      running_mean: this.#mean,
      running_var: this.#variance,
      counts: windows.map((count) => count * perWindow),
      momentum: 0.1,
      eps: 1e-5,
      group: group.id,
    });
  }
}

/** A linear map of the last dimension. */
export class Linear {
  readonly #weight: Tensor;
  readonly #bias: Tensor | null;

  constructor(weights: Weights, inputs: number, outputs: number, { hasBias = true } = {}) {
    const limit = bound(inputs);
    this.#weight = weights.uniform('weight', [outputs, inputs], -limit, limit);
    this.#bias = hasBias ? weights.uniform('bias', [outputs], -limit, limit) : null;
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

  forward(x: Tensor): Tensor {
    const { shape } = this.#weight;
    return aten.layer_norm({ input: x, normalized_shape: shape, weight: this.#weight, bias: this.#bias });
  }
}

/** Root-mean-square normalisation of the last dimension with a weight (Zhang and Sennrich 2019), in float32 at least. */
export class RmsNorm {
  readonly #weight: Tensor;

  constructor(weights: Weights, size: number) {
    this.#weight = weights.constant('weight', [size], 1);
  }

  forward(x: Tensor): Tensor {
    const wide = x.dtype === 'float64' ? x : x.to({ dtype: 'float32' });
    const inverse = aten.rsqrt({ self: wide.mul(wide).mean({ dim: -1, keepDim: true }).add(1e-5) });
    return wide.mul(inverse).mul(this.#weight);
  }
}
