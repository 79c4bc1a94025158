/**
 * Mamba-2 (Dao and Gu 2024, "Transformers are SSMs"), the SSD algorithm in ATen operators.
 *
 * For each head with a scalar A < 0, state h (P, N) and step dt_t > 0:
 *
 *     h_t = exp(dt_t A) h_{t-1} + dt_t x_t B_t^T,    y_t = h_t C_t + D x_t
 *
 * Unrolled, y_t = sum over s <= t of exp(sum of dt A over s+1..t) (C_t . B_s) dt_s x_s. Time is cut into chunks
 * (section 6 of the paper): within a chunk that sum is a masked product as in attention; what came before enters
 * through the state at the chunk's start, and these states follow from each other by the same kind of sum over
 * chunks. All decays are exponentials of differences that are <= 0, so none overflows.
 */
import {
  aten,
  autocast,
  autocastDtype,
  cat,
  hasKernels,
  own,
  scope,
  sharedMemoryLimit,
  stack,
  type Tensor,
} from '../torch/index.ts';
import { derived, inComputePrecision } from './fixed-weights.ts';
import { Linear, RmsNorm } from './layers.ts';
import { EVALUATION, type Mode } from './mode.ts';
import type { Weights } from './weights.ts';

export interface Mamba2Options {
  /** D */
  readonly model: number;
  /** N */
  readonly state: number;
  readonly expand: number;
  /** P */
  readonly headDim: number;
  /** Taps of the causal depthwise convolution. */
  readonly convKernel: number;
}

/** Steps a chunk; sets how much memory the products within chunks take, not the result. */
const CHUNK = 64;

/**
 * Rows times steps up to which kernels compute in float32 what comes in bfloat16. A head's gradients by dt_bias and A_log
 * sum terms of both signs; among few, what rounding leaves of them is over 1 % (bench/RESULTS.md). It costs next to nothing:
 * the default model has 61,440 in a batch of 64.
 */
const FEW = 4096;

/** One Mamba-2 (Dao and Gu 2024), one group, (B, L, D) to (B, L, D), computed by chunks; see docs/model.md. */
export class Mamba2 {
  readonly #inner: number;
  readonly #heads: number;
  readonly #options: Mamba2Options;
  readonly #inProjection: Linear;
  readonly #outProjection: Linear;
  readonly #norm: RmsNorm;
  readonly #convWeight: Tensor;
  readonly #convBias: Tensor;
  readonly #stepBias: Tensor;
  readonly #logA: Tensor;
  readonly #skip: Tensor;

  constructor(weights: Weights, options: Mamba2Options) {
    const { model, state, expand, headDim, convKernel } = options;
    this.#options = options;
    this.#inner = expand * model;
    this.#heads = this.#inner / headDim;
    const convolved = this.#inner + 2 * state;
    this.#inProjection = new Linear(weights.at('in_proj'), model, 2 * this.#inner + 2 * state + this.#heads, {
      hasBias: false,
    });
    const limit = 1 / Math.sqrt(convKernel);
    this.#convWeight = weights.at('conv1d').uniform('weight', [convolved, 1, convKernel], -limit, limit);
    this.#convBias = weights.at('conv1d').uniform('bias', [convolved], -limit, limit);
    // Reference initialisation: dt log-uniform in [0.001, 0.1], stored as the inverse of softplus; A in [1, 16].
    this.#stepBias = weights.drawn('dt_bias', [this.#heads], (share) => {
      const step = Math.exp(Math.log(0.001) + share * Math.log(0.1 / 0.001));
      return step + Math.log(-Math.expm1(-step));
    });
    this.#logA = weights.drawn('A_log', [this.#heads], (share) => Math.log(1 + 15 * share));
    this.#skip = weights.constant('D', [this.#heads], 1);
    this.#norm = new RmsNorm(weights.at('norm'), this.#inner);
    this.#outProjection = new Linear(weights.at('out_proj'), this.#inner, model, { hasBias: false });
  }

  /**
   * (B, L, D) -> (B, L, D), causal
   *
   * @param isReversed from the last step to the first, as on the flipped sequence
   */
  forward(input: Tensor, { isReversed = false } = {}): Tensor {
    return scope(() =>
      this.#outProjection.forward(this.mix(this.#inProjection.forward(input), { isReversed })),
    );
  }

  /** What is between the projections: (B, L, 2 E + 2 N + H) -> (B, L, E), the only part that looks along time. */
  mix(projected: Tensor, { isReversed = false } = {}): Tensor {
    return scope(() => {
      if (this.#hasKernel(projected))
        return fused([this], projected, kernelParameters([this]), { startsReversed: isReversed });
      return isReversed ? this.#compute(projected.flip(1)).flip(1) : this.#compute(projected);
    });
  }

  /**
   * One Mamba-2 in time and one against it, side by side through a linear map: (B, L, D) -> (B, L, outputs). Where
   * kernels compute, both go through one product before the scan and one after it: two linear maps in a row are one.
   */
  static bidirectional(
    ahead: Mamba2,
    back: Mamba2,
    join: Linear,
    input: Tensor,
    mode: Mode = EVALUATION,
  ): Tensor {
    return scope(() => {
      if (!ahead.#hasKernel(input))
        return join.forward(cat([ahead.forward(input), back.forward(input, { isReversed: true })], 2));
      const weights = derived(mode, join, () => ahead.#joinedWith(back, join));
      const projected = aten.linear({ input, weight: weights.before, bias: null });
      const mixed = fused([ahead, back], projected, weights.between, { startsReversed: false });
      return aten.linear({ input: mixed, weight: weights.after, bias: weights.bias });
    });
  }

  /** The weights of {@link Mamba2.bidirectional}. */
  #joinedWith(back: Mamba2, join: Linear) {
    const { model } = this.#options;
    const after = autocast({ device: join.weight.device, dtype: null }, () =>
      cat(
        [
          join.weight.slice(1, 0, model).matmul(this.#outProjection.weight),
          join.weight.slice(1, model).matmul(back.#outProjection.weight),
        ],
        1,
      ),
    );
    return {
      before: inComputePrecision(cat([this.#inProjection.weight, back.#inProjection.weight])),
      between: kernelParameters([this, back]),
      after: inComputePrecision(after),
      bias: join.bias && inComputePrecision(join.bias),
    };
  }

  /**
   * Whether bgb's own kernels take these sizes; the rest of this file is their twin.
   *
   * @param x what goes into the projection, or comes out of it
   */
  #hasKernel(x: Tensor): boolean {
    if (!hasKernels(x)) return false;
    const { state, headDim } = this.#options;
    const size = (autocastDtype(x.device) ?? x.dtype) === 'bfloat16' ? 2 : 4;
    return haveKernelSizes(this.#options) && sharedBytes(size, headDim, state) <= sharedMemoryLimit();
  }

  /** @internal what the kernels read, in their order; float32 */
  kernelParameters() {
    return {
      conv_weight: this.#convWeight,
      conv_bias: this.#convBias,
      dt_bias: this.#stepBias,
      log_a: this.#logA,
      skip: this.#skip,
      norm_weight: this.#norm.weight,
    };
  }

  /** @internal */
  kernelSizes() {
    return { heads: this.#heads, width: this.#options.headDim, state: this.#options.state };
  }

  #compute(projected: Tensor): Tensor {
    const [batch, length] = projected.shape as [number, number, number];
    const { state, headDim } = this.#options;
    const [gate, convolvable, step] = projected.split(
      [this.#inner, this.#inner + 2 * state, this.#heads],
      2,
    ) as [Tensor, Tensor, Tensor];
    const convolved = this.#convolve(convolvable, length);
    const [x, b, c] = convolved.split([this.#inner, state, state], 2) as [Tensor, Tensor, Tensor];
    const dt = wide(step).add(this.#stepBias).softplus();
    const values = wide(x).view(batch, length, this.#heads, headDim);
    const y = ssd(values, dt, this.#logA.exp().neg(), wide(b), wide(c));
    const skipped = y.add(values.mul(this.#skip.view(this.#heads, 1))).reshape(batch, length, this.#inner);
    return this.#norm.forward(skipped.mul(wide(gate).silu()));
  }

  #convolve(x: Tensor, length: number): Tensor {
    const { convKernel } = this.#options;
    const padded = aten.conv1d({
      input: x.transpose(1, 2),
      weight: this.#convWeight,
      bias: this.#convBias,
      padding: [convKernel - 1],
      groups: this.#convWeight.shape[0]!,
    });
    return padded.slice(2, 0, length).transpose(1, 2).silu();
  }
}

/** Whether bgb's own CUDA kernels are written for these sizes; a GPU must have the shared memory for them, too. */
export function haveKernelSizes({
  model,
  state,
  expand,
  headDim,
}: Omit<Mamba2Options, 'convKernel'>): boolean {
  const inner = expand * model;
  const projected = 2 * inner + 2 * state + inner / headDim;
  const isWhole = headDim % 16 === 0 && state % 16 === 0 && inner % 128 === 0 && projected % 8 === 0;
  return isWhole && state <= 64 && inner <= 4096;
}

/** What the kernels read of one or two, in their order; float32, the directions first. */
function kernelParameters(layers: readonly Mamba2[]) {
  const parameters = layers.map((layer) => layer.kernelParameters());
  const joined = (name: keyof (typeof parameters)[number]) => stack(parameters.map((each) => each[name]));
  return {
    conv_weight: joined('conv_weight'),
    conv_bias: joined('conv_bias'),
    dt_bias: joined('dt_bias'),
    log_a: joined('log_a'),
    skip: joined('skip'),
    norm_weight: joined('norm_weight'),
  };
}

/** {@link Mamba2.mix} of one or two side by side, each in the direction opposite to the one before it, in kernels. */
function fused(
  layers: readonly Mamba2[],
  projected: Tensor,
  parameters: ReturnType<typeof kernelParameters>,
  { startsReversed }: { startsReversed: boolean },
): Tensor {
  const { width, state, ...sizes } = layers[0]!.kernelSizes();
  const [batch, length] = projected.shape as [number, number, number];
  const isWidened = batch * length <= FEW && sharedBytes(4, width, state) <= sharedMemoryLimit();
  const mixed = own.mamba2({
    projected: isWidened ? wide(projected) : projected,
    ...parameters,
    ...sizes,
    width,
    state,
    starts_reversed: startsReversed,
  });
  return isWidened ? mixed.to({ dtype: projected.dtype }) : mixed;
}

/** What native/mamba2.cc asks for in backward, the most, with chunks of 64 steps. */
function sharedBytes(size: number, width: number, state: number): number {
  const pad = 16 / size;
  const elements = 64 * (2 * (width + pad) + 3 * (state + pad) + 2 * (64 + pad)) + 2 * state * (width + pad);
  return size * elements + 4 * (9 * 64 + 4);
}

/**
 * The recurrence above, by chunks.
 *
 * @param x (B, L, H, P)
 * @param dt (B, L, H), positive
 * @param a (H), negative
 * @param b (B, L, N), shared by the heads
 * @param c (B, L, N), shared by the heads
 * @returns (B, L, H, P), without the skip term, in the dtype of x also under autocast
 */
export function ssd(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor): Tensor {
  // Without autocast: in bfloat16 the gradient by A, a small difference of large sums, is off by some per cent.
  return autocast({ device: x.device, dtype: null }, () => scope(() => byChunks(x, dt, a, b, c)));
}

function byChunks(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor): Tensor {
  const [batch, length, heads, width] = x.shape as [number, number, number, number];
  const state = b.shape[2]!;
  const size = Math.min(CHUNK, length);
  const chunks = Math.ceil(length / size);
  // Padded steps have dt 0: they add nothing and do not decay.
  const inChunks = (t: Tensor) =>
    padTime(t, chunks * size - length).view(batch, chunks, size, ...t.shape.slice(2));
  const [xs, dts, bs, cs] = [inChunks(x), inChunks(dt), inChunks(b), inChunks(c)];
  const steps = dts.transpose(2, 3); // (B, chunks, H, size)
  const decay = steps.mul(a.unsqueeze(1)).cumsum(3);
  const last = decay.slice(3, size - 1); // (B, chunks, H, 1)
  const inputs = xs.mul(dts.unsqueeze(4)).transpose(2, 3).contiguous(); // (B, chunks, H, size, P)

  const products = cs.matmul(bs.transpose(2, 3)).unsqueeze(2); // (B, chunks, 1, size, size)
  const within = products.mul(expLower(decay.unsqueeze(4).sub(decay.unsqueeze(3)), 0)).matmul(inputs);
  if (chunks === 1) return unchunk(within, length);

  // Decays scale B and C, which are a few times smaller than x and y where N < P; all of it is kept for backward.
  const toEnd = bs.unsqueeze(2).mul(last.sub(decay).exp().unsqueeze(4)); // (B, chunks, H, size, N)
  const states = inputs.transpose(3, 4).matmul(toEnd); // (B, chunks, H, P, N)
  const total = last.squeeze(3).cumsum(1).transpose(1, 2); // (B, H, chunks)
  // Not total - last: its rounding would depend on steps that are yet to come.
  const none = aten.new_zeros({ self: total, size: [batch, heads, 1] });
  const before = cat([none, total.slice(2, 0, chunks - 1)], 2);
  const carry = expLower(before.unsqueeze(3).sub(total.unsqueeze(2)), -1); // (B, H, chunks, chunks)
  const flat = states.transpose(1, 2).reshape(batch, heads, chunks, width * state);
  const entering = carry.matmul(flat).view(batch, heads, chunks, width, state).transpose(1, 2);
  const fromStart = cs.unsqueeze(2).mul(decay.exp().unsqueeze(4)); // (B, chunks, H, size, N)
  const across = fromStart.matmul(entering.transpose(3, 4));
  return unchunk(within.add(across), length);
}

// (B, chunks, H, size, P) -> (B, L, H, P)
function unchunk(y: Tensor, length: number): Tensor {
  const [batch, chunks, heads, size, width] = y.shape as [number, number, number, number, number];
  return y
    .transpose(2, 3)
    .reshape(batch, chunks * size, heads, width)
    .slice(1, 0, length);
}

/** exp on and below the diagonal that many places down, 0 above, without ever computing what is above. */
function expLower(x: Tensor, diagonal: number): Tensor {
  const size = x.shape.at(-1)!;
  const isAbove = aten.ones({ size: [size, size], dtype: 'bool', device: x.device });
  const mask = aten.triu({ self: isAbove, diagonal: diagonal + 1 });
  return aten['masked_fill.Scalar']({ self: x, mask, value: -Infinity }).exp();
}

function padTime(t: Tensor, steps: number): Tensor {
  if (steps === 0) return t;
  const [batch, , ...rest] = t.shape as [number, number, ...number[]];
  const zeros = aten.new_zeros({ self: t, size: [batch, steps, ...rest] });
  return cat([t, zeros], 1);
}

// Decays and sums over time are kept in float32 at least, also under autocast.
function wide(t: Tensor): Tensor {
  return t.dtype === 'float64' ? t : t.to({ dtype: 'float32' });
}
