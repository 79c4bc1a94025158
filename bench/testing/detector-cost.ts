/** What a step of the detector costs at least: arithmetic of its matrix products, and memory traffic. */
import type { Config } from '../../src/config/index.ts';

/** Measured on an H200: a bfloat16 product of 8192 x 8192 x 8192 matrices, and a copy on the device. */
const TERAFLOPS = 780;
const BANDWIDTH = 4.3;

interface Cost {
  readonly tflop: number;
  readonly gigabytes: number;
  /** Of both, were they to overlap perfectly: the larger. */
  readonly ms: number;
}

/**
 * Forward, each product reads its input and writes its output once in bfloat16, and so does each norm after it; a
 * training step is three of that: outputs, gradients by inputs, gradients by weights.
 */
export function floorOf(
  { encoder, rescnn, mamba }: Config['model'],
  { batch, length, channels }: { batch: number; length: number; channels: number },
): { training: Cost; inference: Cost; teraflops: number; bandwidth: number } {
  let flop = 0;
  let bytes = 0;
  // `taps` multiplications by output element and input channel, then a norm or none.
  const product = (rows: number, inputs: number, outputs: number, taps: number, hasNorm: boolean) => {
    flop += 2 * rows * inputs * outputs * taps;
    bytes += 2 * rows * (inputs + outputs + (hasNorm ? 2 * outputs : 0));
  };
  const factor = encoder.downsample_factor;
  const widths = encoder.channels;
  const top = widths.at(-1)!;
  let rows = batch * length;
  product(rows, channels, widths[0]!, 7, true);
  widths.forEach((width, i) => {
    product(rows, widths[Math.max(0, i - 1)]!, width, encoder.kernel_size, true);
    product(rows, width, width, encoder.kernel_size, true);
    rows /= factor;
    product(rows, width * factor, width, 1, false);
  });
  for (let block = 0; block < rescnn.n_blocks; block++) {
    const share = top / rescnn.kernel_sizes.length;
    const taps = rescnn.kernel_sizes.reduce((sum, kernel) => sum + kernel * share, 0) / top;
    product(rows, top, top, taps, true);
    product(rows, top, top, 1, true);
  }
  const inner = mamba.expand * mamba.d_model;
  const projected = 2 * inner + 2 * mamba.d_state + inner / mamba.head_dim;
  for (let layer = 0; layer < mamba.n_layers; layer++) {
    for (let direction = 0; direction < 2; direction++) {
      product(rows, mamba.d_model, projected, 1, false);
      bytes += 2 * rows * (projected + inner);
      product(rows, inner, mamba.d_model, 1, false);
    }
    product(rows, 2 * mamba.d_model, mamba.d_model, 1, true);
  }
  const skips = widths.toReversed();
  skips.forEach((skip, i) => {
    const width = skips[i + 1] ?? skip;
    const inputs = i === 0 ? top : skip;
    product(rows, inputs, width * factor, 1, false);
    rows *= factor;
    product(rows, width + skip, width, encoder.kernel_size, true);
    product(rows, width, width, encoder.kernel_size, true);
  });
  product(rows, widths[0]!, 1, 1, false);
  const cost = (times: number): Cost => ({
    tflop: (times * flop) / 1e12,
    gigabytes: (times * bytes) / 1e9,
    ms: times * Math.max(flop / (TERAFLOPS * 1e9), bytes / (BANDWIDTH * 1e9)),
  });
  return { training: cost(3), inference: cost(1), teraflops: TERAFLOPS, bandwidth: BANDWIDTH };
}
