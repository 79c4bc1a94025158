import { aten, cat, type Tensor } from '../torch/index.ts';
import { BatchNorm } from './batch-norm.ts';
import type { Conv1d } from './convolution.ts';
import { foldedConvolution } from './folded-convolution.ts';
import type { Mode } from './mode.ts';

export interface NormalisedConv {
  readonly conv: Conv1d;
  readonly norm: BatchNorm;
}

/**
 * A convolution and the batch norm after it, with ReLU or without. On CUDA the norm is one of bgb's own kernels and
 * the convolution's bias is left out of its input: the norm takes away whatever constant a channel has. With fixed
 * weights both are one convolution.
 *
 * @param parts (B, C, 1, T) each, side by side the input
 */
export function normalisedConvolution(
  block: NormalisedConv,
  parts: readonly Tensor[],
  mode: Mode,
  { hasRelu }: { hasRelu: boolean },
): Tensor {
  const { conv, norm } = block;
  if (isFolded(mode) && conv.keepsLength) return foldedConvolution([block], parts, mode, { hasRelu });
  const x = sideBySide(parts);
  if (BatchNorm.haveKernel([norm], x, mode)) {
    const y = conv.forward(x, mode, { hasBias: false });
    return BatchNorm.fused([norm], y, mode, { offset: conv.bias, hasRelu });
  }
  const y = norm.forward(conv.forward(x, mode), mode);
  return hasRelu ? y.relu() : y;
}

/**
 * Several convolutions of one input, each with its batch norm and ReLU, side by side. On CUDA they are one
 * convolution: shorter kernels are filled with zeros, and no branch has a width that tensor cores do not like.
 */
export function parallelConvolutions(branches: readonly NormalisedConv[], x: Tensor, mode: Mode): Tensor {
  const norms = branches.map(({ norm }) => norm);
  const taps = Math.max(...branches.map(({ conv }) => conv.taps));
  const canJoin = branches.every(({ conv }) => conv.keepsLength && (taps - conv.taps) % 2 === 0);
  if (!canJoin || !(isFolded(mode) ? x.device !== 'cpu' : BatchNorm.haveKernel(norms, x, mode)))
    return cat(
      branches.map((branch) => normalisedConvolution(branch, [x], mode, { hasRelu: true })),
      1,
    );
  if (isFolded(mode)) return foldedConvolution(branches, [x], mode, { hasRelu: true });
  const weight = cat(branches.map(({ conv }) => conv.widened(taps))).unsqueeze(2);
  const y = aten.conv2d({ input: x, weight, padding: [0, (taps - 1) / 2] });
  const offset = cat(branches.map(({ conv }) => conv.bias));
  return BatchNorm.fused(norms, y, mode, { offset, hasRelu: true });
}

/** ReLU of a convolution with its batch norm, after `between`, plus `residual`. */
export function residualConvolution(
  block: NormalisedConv,
  x: Tensor,
  residual: Tensor,
  mode: Mode,
  between: (y: Tensor) => Tensor,
): Tensor {
  if (isFolded(mode) && block.conv.keepsLength)
    return foldedConvolution([block], [x], mode, { hasRelu: true, residual });
  return between(normalisedConvolution(block, [x], mode, { hasRelu: false }))
    .add(residual)
    .relu();
}

function isFolded(mode: Mode): boolean {
  return !mode.isTraining && mode.fixed !== undefined;
}

/** (B, C, 1, T) of all the channels. */
function sideBySide(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : cat([...parts], 1);
}
