import { aten, cat, hasKernels, isGradEnabled, noGrad, own, type Tensor } from '../torch/index.ts';
import type { Mode, Peers } from './mode.ts';
import type { Weights } from './weights.ts';

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

  /** What it is with its running statistics: x * scale + shift, each (C). */
  affine(): { scale: Tensor; shift: Tensor } {
    const scale = aten.rsqrt({ self: this.#variance.add(1e-5) }).mul(this.#weight);
    return { scale, shift: this.#bias.sub(this.#mean.mul(scale)) };
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
