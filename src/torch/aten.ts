import type { Aten } from './aten.generated.ts';
import { checkCompatibility } from './compatibility.ts';
import { operator } from './operator.ts';
import type { Tensor } from './tensor.ts';

checkCompatibility();

function namespace<T extends object>(prefix: string): T {
  return new Proxy({} as T, {
    get: (cache, name) => {
      if (typeof name !== 'string') return undefined;
      const found = operator(`${prefix}::${name}`);
      // Kept as an own property: the next access does not come here.
      Object.defineProperty(cache, name, { value: found });
      return found;
    },
  });
}

/**
 * Every operator that libtorch 1.13 and PyTorch 2.11 share, by schema name, with arguments by name:
 *
 * ```ts
 * aten.conv2d({ input, weight, bias: null, padding: [0, 2] });
 * aten['add.Tensor']({ self: a, other: b, alpha: 2 });
 * ```
 *
 * @throws TorchError when libtorch refuses; it names the operator and the tensors
 */
export const aten: Aten = namespace<Aten>('aten');

/** Operators registered by bgb itself, in `native/`. */
export interface OwnOperators {
  /**
   * Focal loss per element (Lin et al. 2017, equation 5) on logits, with targets in [0, 1] of the same shape;
   * exact, with its derivative, at logits of ±1e4. `gamma` 0 is binary cross-entropy, weighted by `alpha` for
   * targets of 1 and by 1 - `alpha` for targets of 0. Computed in float32 under autocast.
   */
  focal_loss(named: { logits: Tensor; targets: Tensor; alpha: number; gamma: number }): Tensor;

  /**
   * What is between the projections of a Mamba-2, or of two that go in opposite directions, on CUDA in float32 or
   * bfloat16 ({@link hasKernels}): from (B, L, directions * (2 E + 2 N + H)) to (B, L, directions * E). Parameters are
   * float32 with the directions first; `starts_reversed` says whether the first one scans from the last step.
   */
  mamba2(named: {
    projected: Tensor;
    conv_weight: Tensor;
    conv_bias: Tensor;
    dt_bias: Tensor;
    log_a: Tensor;
    skip: Tensor;
    norm_weight: Tensor;
    heads: number;
    width: number;
    state: number;
    starts_reversed: boolean;
  }): Tensor;

  /**
   * Batch normalisation of (B, C, 1, T) in channels-last order, with ReLU or without, on CUDA. `offset` is a bias
   * that was left out of the input; the running mean counts it.
   */
  batch_norm(named: {
    input: Tensor;
    offset: Tensor | null;
    weight: Tensor;
    bias: Tensor;
    running_mean: Tensor;
    running_var: Tensor;
    training: boolean;
    momentum: number;
    eps: number;
    relu: boolean;
    /** As for {@link OwnOperators.sync_batch_norm}; group 0, or none, is this process alone. */
    counts?: readonly number[];
    group?: number;
  }): Tensor;

  /**
   * Layer norm of dropout(input) + residual over the last dimension of (B, L, D), on CUDA. `key` is the hash of
   * seed and layer; with `rate` 0 nothing is dropped and samples and step may be null.
   */
  residual_norm(named: {
    input: Tensor;
    residual: Tensor;
    weight: Tensor;
    bias: Tensor;
    samples: Tensor | null;
    step: Tensor | null;
    key: number;
    rate: number;
  }): Tensor;

  /**
   * One step of AdamW over a flat buffer, in place, on CUDA. `scalars` (5): 1 where the step is taken and else 0,
   * learning rate, 1 - beta1^t, sqrt(1 - beta2^t), factor of the gradients.
   */
  adamw_(named: {
    values: Tensor;
    gradients: Tensor;
    mean: Tensor;
    square: Tensor;
    scalars: Tensor;
    beta1: number;
    beta2: number;
    eps: number;
    decay: number;
  }): void;

  /**
   * Batch normalisation in training of `input` (B, C, 1, T), with statistics over the windows of all processes of a
   * group; running mean and variance are updated. `counts`: elements a channel in each process, in order of ranks; with
   * 0 a process only runs along. Under autocast as it comes: statistics in float32.
   */
  sync_batch_norm(named: {
    input: Tensor;
    weight: Tensor;
    bias: Tensor;
    running_mean: Tensor;
    running_var: Tensor;
    counts: readonly number[];
    momentum: number;
    eps: number;
    group: number;
  }): Tensor;
}

export const own: OwnOperators = namespace<OwnOperators>('bgb');
