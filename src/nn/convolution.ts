import { aten, type Tensor } from '../torch/index.ts';
import { derived, inComputePrecision } from './fixed-weights.ts';
import { EVALUATION, type Mode } from './mode.ts';
import { firstBound, type Weights } from './weights.ts';

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
    const limit = firstBound(inputs * kernel);
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

  get padding(): number {
    return this.#padding;
  }

  /** Whether the output is as long as the input. */
  get keepsLength(): boolean {
    return this.#stride === 1 && 2 * this.#padding === this.taps - 1;
  }

  /** @param hasBias false where a batch norm after it would only take the bias away again */
  forward(x: Tensor, mode: Mode = EVALUATION, { hasBias = true } = {}): Tensor {
    const bias = hasBias ? this.#bias : null;
    if (x.device !== 'cpu' && this.#isLinear) return this.#product(x, bias, mode);
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

  #product(x: Tensor, bias: Tensor | null, mode: Mode): Tensor {
    const [batch, inputs, , length] = x.shape as [number, number, number, number];
    const taps = this.#stride;
    const steps = Math.floor(length / taps);
    const rows = x.permute(0, 2, 3, 1);
    const whole = length === steps * taps ? rows : rows.slice(2, 0, steps * taps);
    const input = whole.reshape(batch, steps, taps * inputs);
    const weights = derived(mode, this, () => ({
      weight: inComputePrecision(this.#weight.permute(0, 2, 1).reshape(-1, taps * inputs)),
      bias: bias && inComputePrecision(bias),
    }));
    return aten
      .linear({ input, ...weights })
      .unsqueeze(1)
      .permute(0, 3, 1, 2);
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
    const limit = firstBound(outputs * kernel);
    this.#weight = weights.uniform('weight', [inputs, outputs, kernel], -limit, limit);
    this.#bias = weights.uniform('bias', [outputs], -limit, limit);
    this.#stride = stride;
    this.#padding = (kernel - stride) / 2;
  }

  forward(x: Tensor, mode: Mode = EVALUATION): Tensor {
    if (x.device !== 'cpu' && this.#weight.shape[2] === this.#stride) return this.#product(x, mode);
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
  #product(x: Tensor, mode: Mode): Tensor {
    const [batch, inputs, , length] = x.shape as [number, number, number, number];
    const [, outputs, taps] = this.#weight.shape as [number, number, number];
    const weights = derived(mode, this, () => ({
      weight: inComputePrecision(this.#weight.permute(2, 1, 0).reshape(taps * outputs, inputs)),
      bias: inComputePrecision(aten.repeat({ self: this.#bias, repeats: [taps] })),
    }));
    const rows = aten.linear({ input: x.permute(0, 2, 3, 1).reshape(batch, length, inputs), ...weights });
    return rows.view(batch, 1, length * taps, outputs).permute(0, 3, 1, 2);
  }
}
