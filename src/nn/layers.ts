import { aten, cat, full, hasKernels, isGradEnabled, noGrad, own, type Tensor } from '../torch/index.ts';
import type { Dropout } from './dropout.ts';
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

  get bias(): Tensor {
    return this.#bias;
  }

  get taps(): number {
    return this.#weight.shape[2]!;
  }

  /** Whether the output is as long as the input. */
  get keepsLength(): boolean {
    return this.#stride === 1 && 2 * this.#padding === this.taps - 1;
  }

  /** @param hasBias false where a batch norm after it would only take the bias away again */
  forward(x: Tensor, { hasBias = true } = {}): Tensor {
    const bias = hasBias ? this.#bias : null;
    if (x.device !== 'cpu' && this.#isLinear) return this.#product(x, bias);
    return aten.conv2d({
      input: x,
      weight: this.#weight.unsqueeze(2),
      bias,
      stride: [1, this.#stride],
      padding: [0, this.#padding],
    });
  }

  /** The weight with zeros on both sides, so that it stands for a kernel of `taps`; both are odd or both even. */
  widened(taps: number): Tensor {
    const surplus = (taps - this.#weight.shape[2]!) / 2;
    return surplus === 0
      ? this.#weight
      : aten.constant_pad_nd({ self: this.#weight, pad: [surplus, surplus] });
  }

  /** Whether the kernel is as long as the stride: then windows do not overlap, and it is one matrix product. */
  get #isLinear(): boolean {
    return this.#weight.shape[2] === this.#stride && this.#padding === 0;
  }

  #product(x: Tensor, bias: Tensor | null): Tensor {
    const [batch, inputs, , length] = x.shape as [number, number, number, number];
    const taps = this.#stride;
    const steps = Math.floor(length / taps);
    const rows = x.permute(0, 2, 3, 1);
    const whole = length === steps * taps ? rows : rows.slice(2, 0, steps * taps);
    const input = whole.reshape(batch, steps, taps * inputs);
    const weight = this.#weight.permute(0, 2, 1).reshape(-1, taps * inputs);
    return aten.linear({ input, weight, bias }).unsqueeze(1).permute(0, 3, 1, 2);
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
    if (x.device !== 'cpu' && this.#weight.shape[2] === this.#stride) return this.#product(x);
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

  // A kernel as long as the stride: each input step makes its own output steps, one matrix product.
  #product(x: Tensor): Tensor {
    const [batch, inputs, , length] = x.shape as [number, number, number, number];
    const [, outputs, taps] = this.#weight.shape as [number, number, number];
    const rows = aten.linear({
      input: x.permute(0, 2, 3, 1).reshape(batch, length, inputs),
      weight: this.#weight.permute(2, 1, 0).reshape(taps * outputs, inputs),
      bias: aten.repeat({ self: this.#bias, repeats: [taps] }),
    });
    return rows.view(batch, 1, length * taps, outputs).permute(0, 3, 1, 2);
  }
}

/** Elements a channel in each process, and which processes. */
function sharedBy({ group, windows }: Peers, x: Tensor): { counts: number[]; group: number } {
  const perWindow = x.shape[2]! * x.shape[3]!;
  return { counts: windows.map((count) => count * perWindow), group: group.id };
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

  #overPeers(x: Tensor, peers: Peers): Tensor {
    return own.sync_batch_norm({
      input: x,
      weight: this.#weight,
      bias: this.#bias,
      running_mean: this.#mean,
      running_var: this.#variance,
      momentum: 0.1,
      eps: 1e-5,
      ...sharedBy(peers, x),
    });
  }

  /** Whether {@link BatchNorm.fused} can take what convolutions make of `x`, these norms' channels side by side. */
  static haveKernel(norms: readonly BatchNorm[], x: Tensor, mode: Mode): boolean {
    const channels = norms.reduce((sum, norm) => sum + norm.#weight.shape[0]!, 0);
    return hasKernels(x) && channels % 8 === 0 && channels <= 2048 && (mode.isTraining || !isGradEnabled());
  }

  /**
   * Several norms over neighbouring channels of one tensor, by bgb's own kernel; widths must add up to a multiple
   * of 8.
   */
  static fused(
    norms: readonly BatchNorm[],
    x: Tensor,
    mode: Mode,
    { offset, hasRelu }: { offset: Tensor; hasRelu: boolean },
  ): Tensor {
    const joined = (part: (norm: BatchNorm) => Tensor) =>
      norms.length === 1 ? part(norms[0]!) : cat(norms.map(part));
    const running_mean = noGrad(() => joined((norm) => norm.#mean));
    const running_var = noGrad(() => joined((norm) => norm.#variance));
    const y = own.batch_norm({
      input: x,
      offset,
      weight: joined((norm) => norm.#weight),
      bias: joined((norm) => norm.#bias),
      running_mean,
      running_var,
      training: mode.isTraining,
      momentum: 0.1,
      eps: 1e-5,
      relu: hasRelu,
      ...(mode.isTraining && mode.peers && sharedBy(mode.peers, x)),
    });
    if (mode.isTraining)
      noGrad(() => {
        let start = 0;
        for (const norm of norms) {
          const end = start + norm.#mean.shape[0]!;
          aten['add_.Scalar']({ self: norm.#batches, other: 1 });
          if (norms.length > 1) {
            norm.#mean.copy_(running_mean.slice(0, start, end));
            norm.#variance.copy_(running_var.slice(0, start, end));
          }
          start = end;
        }
      });
    return y;
  }
}

/**
 * A convolution and the batch norm after it, with ReLU or without. On CUDA the norm is one of bgb's own kernels and
 * the convolution's bias is left out of its input: the norm takes away whatever constant a channel has.
 */
export function normalisedConvolution(
  conv: Conv1d,
  norm: BatchNorm,
  x: Tensor,
  mode: Mode,
  { hasRelu }: { hasRelu: boolean },
): Tensor {
  if (BatchNorm.haveKernel([norm], x, mode)) {
    const y = conv.forward(x, { hasBias: false });
    return BatchNorm.fused([norm], y, mode, { offset: conv.bias, hasRelu });
  }
  const y = norm.forward(conv.forward(x), mode);
  return hasRelu ? y.relu() : y;
}

/**
 * Several convolutions of one input, each with its batch norm and ReLU, side by side. On CUDA they are one
 * convolution: shorter kernels are filled with zeros, and no branch has a width that tensor cores do not like.
 */
export function parallelConvolutions(
  branches: readonly { conv: Conv1d; norm: BatchNorm }[],
  x: Tensor,
  mode: Mode,
): Tensor {
  const norms = branches.map(({ norm }) => norm);
  const taps = Math.max(...branches.map(({ conv }) => conv.taps));
  const canJoin = branches.every(({ conv }) => conv.keepsLength && (taps - conv.taps) % 2 === 0);
  if (!canJoin || !BatchNorm.haveKernel(norms, x, mode))
    return cat(
      branches.map(({ conv, norm }) => normalisedConvolution(conv, norm, x, mode, { hasRelu: true })),
      1,
    );
  const weight = cat(branches.map(({ conv }) => conv.widened(taps))).unsqueeze(2);
  const y = aten.conv2d({ input: x, weight, padding: [0, (taps - 1) / 2] });
  const offset = cat(branches.map(({ conv }) => conv.bias));
  return BatchNorm.fused(norms, y, mode, { offset, hasRelu: true });
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
