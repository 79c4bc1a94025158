import { aten, cat, type Tensor } from '../torch/index.ts';
import { BatchNorm } from './batch-norm.ts';
import type { Conv1d } from './convolution.ts';
import type { Mode } from './mode.ts';

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
