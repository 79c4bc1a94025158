/**
 * What the detector costs, layer by layer, without making it: parameters, floating-point operations and the activations
 * that training keeps until backward. Of one window.
 *
 * Operations are those of one forward pass, a multiplication and an addition counted as two: convolutions, linear maps and
 * the scan of Mamba-2 as a recurrence. Elementwise work is left out, as is usual; a training step takes three times as
 * many. Activations are those that the layers in nn/ leave to autograd, each tensor counted once, at the layer that makes
 * it.
 */
import type { Config } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { haveKernelSizes } from '../nn/index.ts';

/** The precision that convolutions and linear maps run in. */
export type Precision = 'float32' | 'bfloat16';

export interface LayerCost {
  /** Place in the tree of weights, as in docs/model.md. */
  readonly name: string;
  readonly kind: string;
  /** Of the output for one window, without the batch: (C, T), or (L, D) in the Mamba layers. */
  readonly output: readonly [number, number];
  readonly parameters: number;
  readonly flops: number;
  /** Kept until backward. */
  readonly activationBytes: number;
}

export interface ModelCost {
  readonly layers: readonly LayerCost[];
  readonly parameters: number;
  /** Of one window, forward. */
  readonly flops: number;
  /** Of one window, kept until backward. */
  readonly activationBytes: number;
  /** Of one window, most that backward needs at once beside what is kept. */
  readonly transientBytes: number;
}

interface Sizes {
  readonly channels: number;
  /** Samples of a window. */
  readonly length: number;
  readonly precision: Precision;
  /** Whether bgb's own CUDA kernels compute, where there are some for the sizes: they keep far less of Mamba-2. */
  readonly hasKernels?: boolean;
}

/** Steps a chunk of the scan in nn/mamba2.ts. */
const CHUNK = 64;
const FLOAT32 = 4;

/**
 * The cost of a model that a configuration describes.
 *
 * @throws InputError `MODEL_LENGTH` when the length is no multiple of the total stride
 */
export function modelCost(config: Config['model'], sizes: Sizes): ModelCost {
  const { encoder, rescnn, mamba, decoder } = config;
  const { channels, length, precision } = sizes;
  const hasKernels = (sizes.hasKernels ?? false) && haveKernelSizes(mambaSizes(mamba));
  const bytes = precision === 'float32' ? FLOAT32 : 2;
  const factor = encoder.downsample_factor;
  const totalStride = factor ** encoder.stages;
  if (length % totalStride !== 0)
    throw new InputError(
      'MODEL_LENGTH',
      `The model needs windows whose length is a multiple of ${totalStride} samples, found ${length}. Change data.window_size, or the encoder's stages.`,
    );
  const layers: LayerCost[] = [];
  /** Convolution, batch norm, ReLU: the convolution's output is kept for the norm, the ReLU's for what follows. */
  const convBlock = (name: string, inputs: number, outputs: number, kernel: number, time: number) =>
    layers.push({
      name,
      kind: `conv k${kernel}, batch norm, ReLU`,
      output: [outputs, time],
      parameters: outputs * (inputs * kernel + 1) + 2 * outputs,
      flops: 2 * kernel * inputs * outputs * time,
      activationBytes: 2 * outputs * time * bytes,
    });
  const plain = (
    name: string,
    kind: string,
    [inputs, outputs, kernel]: readonly [number, number, number],
    time: number,
    { taps = kernel, kept = outputs }: { taps?: number; kept?: number } = {},
  ) =>
    layers.push({
      name,
      kind,
      output: [outputs, time],
      parameters: outputs * inputs * kernel + outputs,
      flops: 2 * taps * inputs * outputs * time,
      activationBytes: kept * time * bytes,
    });

  let time = length;
  let width = encoder.channels[0]!;
  convBlock('encoder.input_conv', channels, width, 7, time);
  // Under autocast the first convolution keeps its own copy of the signal.
  const signalBytes = channels * length * (precision === 'float32' ? FLOAT32 : FLOAT32 + bytes);
  const skips: { width: number; time: number }[] = [];
  for (const [stage, outputs] of encoder.channels.entries()) {
    convBlock(`encoder.encoder_blocks.${stage}.0`, width, outputs, encoder.kernel_size, time);
    convBlock(`encoder.encoder_blocks.${stage}.1`, outputs, outputs, encoder.kernel_size, time);
    skips.push({ width: outputs, time });
    time /= factor;
    width = outputs;
    plain(`encoder.downsample.${stage}`, `conv k${factor} stride ${factor}`, [width, width, factor], time);
  }

  const share = Math.floor(width / rescnn.kernel_sizes.length);
  for (let block = 0; block < rescnn.n_blocks; block++) {
    for (const [branch, kernel] of rescnn.kernel_sizes.entries()) {
      const isLast = branch === rescnn.kernel_sizes.length - 1;
      const outputs = isLast ? width - share * (rescnn.kernel_sizes.length - 1) : share;
      convBlock(`rescnn.blocks.${block}.branches.${branch}`, width, outputs, kernel, time);
    }
    layers.push({
      name: `rescnn.blocks.${block}.fusion`,
      kind: 'joined, conv k1, batch norm, dropout, added, ReLU',
      output: [width, time],
      parameters: width * (width + 1) + 2 * width,
      flops: 2 * width * width * time,
      activationBytes: 3 * width * time * bytes,
    });
  }
  for (let layer = 0; layer < mamba.n_layers; layer++)
    layers.push(...mambaLayer(`mamba.layers.${layer}`, mamba, time, { precision, hasKernels }));

  for (const [stage, skip] of skips.toReversed().entries()) {
    const outputs = encoder.channels[encoder.channels.length - 2 - stage] ?? encoder.channels[0]!;
    time = skip.time;
    const { kernel_size: kernel } = decoder;
    // What is joined is a copy, kept for the convolution behind it; each output sample takes kernel / stride taps.
    plain(
      `decoder.upsample.${stage}`,
      `transposed conv k${kernel} stride ${factor}, joined`,
      [width, outputs, kernel],
      time,
      { taps: kernel / factor, kept: outputs + skip.width },
    );
    convBlock(`decoder.decoder_blocks.${stage}.0`, outputs + skip.width, outputs, encoder.kernel_size, time);
    convBlock(`decoder.decoder_blocks.${stage}.1`, outputs, outputs, encoder.kernel_size, time);
    width = outputs;
  }
  plain('decoder.output_conv', 'conv k1', [width, channels, 1], time);
  plain('detection_head', 'conv k1', [channels, 1, 1], time);

  const sum = (of: (layer: LayerCost) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  const largest = Math.max(...layers.map(({ output: [a, b] }) => a * b));
  return {
    layers,
    parameters: sum(({ parameters }) => parameters),
    flops: sum(({ flops }) => flops),
    activationBytes:
      sum(({ activationBytes }) => activationBytes) + signalBytes + LOSS_FLOATS * FLOAT32 * length,
    transientBytes: Math.max(3 * largest * bytes, hasKernels ? 0 : scanTransient(config, time / totalStride)),
  };
}

/**
 * What backward holds beside what is kept: gradients by a batch norm's output and input and by a joined input, at the
 * longest and widest place; or, in the Mamba layers, one by the decays within chunks.
 */
function scanTransient({ mamba }: Config['model'], length: number): number {
  if (mamba.n_layers === 0) return 0;
  const chunk = Math.min(CHUNK, length);
  const heads = (mamba.expand * mamba.d_model) / mamba.head_dim;
  return 1.25 * heads * chunk * chunk * Math.ceil(length / chunk) * FLOAT32;
}

/** Targets, weights and terms of the loss, and the mask of counted samples, in float32. */
const LOSS_FLOATS = 5;

function mambaSizes({ d_model, d_state, expand, head_dim }: Config['model']['mamba']) {
  return { model: d_model, state: d_state, expand, headDim: head_dim };
}

function mambaLayer(
  name: string,
  { d_model, d_state, expand, head_dim, conv_kernel, dropout }: Config['model']['mamba'],
  length: number,
  { precision, hasKernels }: { precision: Precision; hasKernels: boolean },
): LayerCost[] {
  const inner = expand * d_model;
  const heads = inner / head_dim;
  const mixed = inner + 2 * d_state;
  const projected = inner + mixed + heads;
  const bytes = precision === 'float32' ? FLOAT32 : 2;
  const isHalf = precision !== 'float32';
  const chunk = Math.min(CHUNK, length);
  const chunks = Math.ceil(length / chunk);
  const padded = chunks * chunk;
  // In order of nn/mamba2.ts; what is wide there is float32 here, too.
  const keptByTwins =
    length * (d_model + projected) * bytes + // input and projection
    (length + conv_kernel - 1) * mixed * bytes + // convolved
    length * mixed * FLOAT32 + // x, B, C
    (isHalf ? length * inner * FLOAT32 : 0) + // a wide copy of the gate
    (padded === length ? 0 : padded * mixed * FLOAT32) +
    padded * (inner + chunk + 2 * heads * chunk) * FLOAT32 + // inputs, products, decays, their product
    (chunks > 1 ? 2 * padded * heads * d_state * FLOAT32 : 0) + // towards the end, from the start
    (chunks > 1 ? 2 * chunks * inner * d_state * FLOAT32 : 0) + // states that leave and enter chunks
    (chunks > 1 ? 2 * heads * chunks * chunks * FLOAT32 : 0) + // decays between chunks
    length * 4 * inner * FLOAT32 + // scanned, silu(gate), their product, normalised
    length * inner * bytes + // input of the projection
    8 * padded * heads * FLOAT32; // steps and their decays
  // In order of native/mamba2.cc; both directions have one input.
  const keptByKernels =
    length * (d_model / 2 + projected + mixed + inner + inner) * bytes + // input, projection, x B C, scanned, normalised
    chunks * inner * d_state * bytes; // states between chunks
  const kept = hasKernels ? keptByKernels : keptByTwins;
  const direction = (which: string): LayerCost => ({
    name: `${name}.${which}`,
    kind: 'Mamba-2',
    output: [length, d_model],
    parameters: d_model * projected + mixed * (conv_kernel + 1) + 3 * heads + inner + inner * d_model,
    flops:
      length *
      (2 * d_model * projected + 2 * conv_kernel * mixed + 4 * inner * d_state + 2 * inner * d_model),
    activationBytes: kept,
  });
  return [
    direction('forward_mamba'),
    direction('backward_mamba'),
    {
      name: `${name}.output_proj`,
      kind: 'joined, linear, dropout, added, layer norm',
      output: [length, d_model],
      parameters: d_model * (2 * d_model + 1) + 2 * d_model,
      flops: 4 * d_model * d_model * length,
      // The kernel keeps what it joins and draws the mask again.
      activationBytes:
        length * d_model * (hasKernels ? bytes : (2 + (dropout > 0 ? 1 : 0)) * bytes + FLOAT32),
    },
  ];
}
