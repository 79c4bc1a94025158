import { aten, cat, hasKernels, type Tensor } from '../torch/index.ts';
import { derived, inComputePrecision } from './fixed-weights.ts';
import type { Mode } from './mode.ts';
import type { NormalisedConv } from './normalised-convolution.ts';

/**
 * Convolutions that keep the length, side by side, with the batch norms after them folded into their weights: the running
 * statistics make a norm x * scale + shift. One pass over the activations where convolution, norm and ReLU are three. An input
 * in parts is not joined first, the convolution of each adds to that of the one before.
 *
 * @param parts (B, C, 1, T) each
 * @param residual added before ReLU
 */
export function foldedConvolution(
  branches: readonly NormalisedConv[],
  parts: readonly Tensor[],
  mode: Mode,
  { hasRelu, residual = null }: { hasRelu: boolean; residual?: Tensor | null },
): Tensor {
  const { weights, bias } = derived(mode, branches[0]!.norm, () =>
    fold(
      branches,
      parts.map(({ shape }) => shape[1]!),
    ),
  );
  const padding = [0, (weights[0]!.shape[3]! - 1) / 2];
  const dtype = bias.dtype;
  let sum = residual?.to({ dtype }) ?? null;
  for (const [index, part] of parts.entries()) {
    const [input, weight] = [part.to({ dtype }), weights[index]!];
    const isLast = index === parts.length - 1;
    if (isLast && hasRelu && hasKernels(input)) {
      const all = { self: input, weight, bias, stride: [1, 1], padding, dilation: [1, 1], groups: 1 };
      return sum === null
        ? aten.cudnn_convolution_relu(all)
        : aten.cudnn_convolution_add_relu({ ...all, z: sum, alpha: 1 });
    }
    const y = aten.conv2d({ input, weight, bias: isLast ? bias : null, padding });
    sum = sum === null ? y : sum.add(y);
  }
  return hasRelu ? sum!.relu() : sum!;
}

/** Weights (O, I, 1, k) for parts of these widths, in channels-last order, and (O). */
function fold(
  branches: readonly NormalisedConv[],
  widths: readonly number[],
): { weights: Tensor[]; bias: Tensor } {
  const taps = Math.max(...branches.map(({ conv }) => conv.taps));
  const folded = branches.map(({ conv, norm }) => {
    const { scale, shift } = norm.affine();
    return {
      weight: conv.widened(taps).mul(scale.view(-1, 1, 1)),
      bias: conv.bias.mul(scale).add(shift),
    };
  });
  const weight = cat(folded.map((each) => each.weight)).unsqueeze(2);
  return {
    weights: weight.split([...widths], 1).map((each) => inComputePrecision(each).contiguous('channels_last')),
    bias: inComputePrecision(cat(folded.map((each) => each.bias))),
  };
}
