/**
 * The seizure detector: a U-Net over time whose bottleneck is a residual CNN followed by bidirectional Mamba-2.
 * Activations are (B, C, 1, T) in channels-last order; a gathered batch (B, T, C) already has it.
 * Each part is a scope: what it made on the way is released as soon as backward does not need it.
 */
import type { Config } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  BatchNorm,
  Conv1d,
  ConvTranspose1d,
  Dropout,
  EVALUATION,
  FixedWeights,
  LayerNorm,
  Linear,
  Mamba2,
  type Mode,
  moveWeights,
  normalisedConvolution,
  parallelConvolutions,
  residualConvolution,
  residualNorm,
  type WeightStore,
  Weights,
  watched,
} from '../nn/index.ts';
import { type Device, type Dtype, scope, type Tensor } from '../torch/index.ts';

type ModelConfig = Config['model'];

/** Convolution that keeps the length, batch norm, ReLU. */
class ConvBlock {
  readonly conv: Conv1d;
  readonly norm: BatchNorm;
  readonly #name: string;

  constructor(
    { name, conv, norm }: { name: string; conv: Weights; norm: Weights },
    inputs: number,
    outputs: number,
    kernel: number,
  ) {
    this.#name = name;
    this.conv = new Conv1d(conv, { inputs, outputs, kernel, padding: (kernel - 1) / 2 });
    this.norm = new BatchNorm(norm, outputs);
  }

  /** @param parts side by side the input */
  forward(parts: readonly Tensor[], mode: Mode): Tensor {
    return scope(() =>
      watched(mode, this.#name, normalisedConvolution(this, parts, mode, { hasRelu: true })),
    );
  }
}

const named = (at: Weights) => ({ name: at.name, conv: at.at('conv'), norm: at.at('bn') });
const numbered = (at: Weights) => ({ name: at.name, conv: at.at(0), norm: at.at(1) });

/** Two conv blocks at one resolution. */
class Stage {
  readonly #blocks: readonly [ConvBlock, ConvBlock];

  constructor(weights: Weights, inputs: number, outputs: number, kernel: number) {
    this.#blocks = [
      new ConvBlock(named(weights.at(0)), inputs, outputs, kernel),
      new ConvBlock(named(weights.at(1)), outputs, outputs, kernel),
    ];
  }

  /** @param parts side by side the input */
  forward(parts: readonly Tensor[], mode: Mode): Tensor {
    const [first, second] = this.#blocks;
    return scope(() => second.forward([first.forward(parts, mode)], mode));
  }
}

/** Branches of several kernel sizes side by side, joined, dropped by channel, added to the input. */
class ResCnnBlock {
  readonly #name: string;
  readonly #branches: readonly ConvBlock[];
  readonly #fusion: Conv1d;
  readonly #norm: BatchNorm;
  readonly #dropout: Dropout;

  constructor(weights: Weights, width: number, { kernel_sizes, dropout }: ModelConfig['rescnn']) {
    this.#name = weights.name;
    const share = Math.floor(width / kernel_sizes.length);
    this.#branches = kernel_sizes.map((kernel, index) => {
      const isLast = index === kernel_sizes.length - 1;
      const outputs = isLast ? width - share * (kernel_sizes.length - 1) : share;
      return new ConvBlock(numbered(weights.at('branches').at(index)), width, outputs, kernel);
    });
    const fusion = weights.at('fusion');
    this.#fusion = new Conv1d(fusion.at(0), { inputs: width, outputs: width, kernel: 1 });
    this.#norm = new BatchNorm(fusion.at(1), width);
    this.#dropout = new Dropout(dropout, weights.name, 'channels');
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      const joined = parallelConvolutions(this.#branches, x, mode);
      const branches = watched(mode, `${this.#name}.branches`, joined);
      const fusion = { conv: this.#fusion, norm: this.#norm };
      const y = residualConvolution(fusion, branches, x, mode, (mixed) =>
        this.#dropout.forward(watched(mode, `${this.#name}.fusion`, mixed), mode),
      );
      return watched(mode, this.#name, y);
    });
  }
}

/** One Mamba-2 forward in time, one backward; joined, added to the input, normalised. */
class BiMambaLayer {
  readonly #name: string;
  readonly #forward: Mamba2;
  readonly #backward: Mamba2;
  readonly #projection: Linear;
  readonly #dropout: Dropout;
  readonly #norm: LayerNorm;

  constructor(
    weights: Weights,
    { d_model, d_state, expand, head_dim, conv_kernel, dropout }: ModelConfig['mamba'],
  ) {
    this.#name = weights.name;
    const options = { model: d_model, state: d_state, expand, headDim: head_dim, convKernel: conv_kernel };
    this.#forward = new Mamba2(weights.at('forward_mamba'), options);
    this.#backward = new Mamba2(weights.at('backward_mamba'), options);
    this.#projection = new Linear(weights.at('output_proj'), 2 * d_model, d_model);
    this.#dropout = new Dropout(dropout, weights.name, 'elements');
    this.#norm = new LayerNorm(weights.at('layer_norm'), d_model);
  }

  /** (B, L, D) -> (B, L, D) */
  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      const both = Mamba2.bidirectional(this.#forward, this.#backward, this.#projection, x, mode);
      const joined = watched(mode, `${this.#name}.output_proj`, both);
      return watched(mode, this.#name, residualNorm(this.#norm, this.#dropout, joined, x, mode));
    });
  }
}

export interface DetectorOptions {
  /** Channels of the montage. */
  readonly channels: number;
  /** Of the first weights. */
  readonly seed: number;
}

/** See {@link Detector.fixed}. */
export interface FixedDetector extends Disposable {
  /** (B, T, C) -> (B, T) */
  forward(signal: Tensor): Tensor;
}

/** The seizure detector of docs/model.md: signals (B, T, C) to logits (B, T). @throws InputError `MODEL_SIZE`, `MODEL_LENGTH` */
export class Detector {
  readonly store: WeightStore = { parameters: new Map(), buffers: new Map() };
  readonly #totalStride: number;
  readonly #input: ConvBlock;
  readonly #encoder: readonly Stage[];
  readonly #downsample: readonly Conv1d[];
  readonly #rescnn: readonly ResCnnBlock[];
  readonly #mamba: readonly BiMambaLayer[];
  readonly #upsample: readonly ConvTranspose1d[];
  readonly #decoder: readonly Stage[];
  readonly #output: Conv1d;
  readonly #head: Conv1d;

  /** @throws InputError `MODEL_SIZE` for sizes that do not fit each other */
  constructor(config: ModelConfig, { channels, seed }: DetectorOptions) {
    checkSizes(config);
    const weights = new Weights(this.store, seed);
    const { encoder, rescnn, mamba, decoder } = config;
    const factor = encoder.downsample_factor;
    const widths = encoder.channels;
    const top = widths.at(-1)!;
    this.#totalStride = factor ** encoder.stages;
    const at = weights.at('encoder');
    this.#input = new ConvBlock(named(at.at('input_conv')), channels, widths[0]!, 7);
    this.#encoder = widths.map(
      (width, i) =>
        new Stage(at.at('encoder_blocks').at(i), widths[Math.max(0, i - 1)]!, width, encoder.kernel_size),
    );
    this.#downsample = widths.map(
      (width, i) =>
        new Conv1d(at.at('downsample').at(i), {
          inputs: width,
          outputs: width,
          kernel: factor,
          stride: factor,
        }),
    );
    const blocks = Array.from({ length: rescnn.n_blocks }, (_, i) => weights.at('rescnn').at('blocks').at(i));
    this.#rescnn = blocks.map((place) => new ResCnnBlock(place, top, rescnn));
    const layers = Array.from({ length: mamba.n_layers }, (_, i) => weights.at('mamba').at('layers').at(i));
    this.#mamba = layers.map((place) => new BiMambaLayer(place, mamba));
    const up = weights.at('decoder');
    // Each decoder stage comes up to the width of the encoder stage below the one whose skip it takes.
    const skipWidths = widths.toReversed();
    const outputs = skipWidths.map((width, i) => skipWidths[i + 1] ?? width);
    const inputs = [top, ...outputs];
    this.#upsample = outputs.map(
      (width, i) =>
        new ConvTranspose1d(up.at('upsample').at(i), {
          inputs: inputs[i]!,
          outputs: width,
          kernel: decoder.kernel_size,
          stride: factor,
        }),
    );
    this.#decoder = outputs.map(
      (width, i) =>
        new Stage(up.at('decoder_blocks').at(i), width + skipWidths[i]!, width, encoder.kernel_size),
    );
    this.#output = new Conv1d(up.at('output_conv'), {
      inputs: outputs.at(-1)!,
      outputs: channels,
      kernel: 1,
    });
    this.#head = new Conv1d(weights.at('detection_head'), { inputs: channels, outputs: 1, kernel: 1 });
  }

  parameters(): ReadonlyMap<string, Tensor> {
    return this.store.parameters;
  }

  buffers(): ReadonlyMap<string, Tensor> {
    return this.store.buffers;
  }

  /** Moves all weights, in place. */
  to(place: { device?: Device; dtype?: Dtype }): this {
    moveWeights(this.store, place);
    return this;
  }

  /**
   * The model for many passes with the weights as they are now: the same function, but batch norms are folded into the
   * convolutions before them and what else layers make of their weights is made once. Nothing is differentiable. Dispose of
   * it before weights change.
   */
  fixed(): FixedDetector {
    const fixed = new FixedWeights();
    return {
      forward: (signal) => this.forward(signal, { isTraining: false, fixed }),
      [Symbol.dispose]: () => fixed[Symbol.dispose](),
    };
  }

  /**
   * Logits of seizure for every sample.
   *
   * @param signal (B, T, C)
   * @returns (B, T)
   * @throws InputError `MODEL_LENGTH` when T is no multiple of the total stride
   */
  forward(signal: Tensor, mode: Mode = EVALUATION): Tensor {
    const length = signal.shape[1]!;
    if (length % this.#totalStride !== 0)
      throw new InputError(
        'MODEL_LENGTH',
        `The model needs windows whose length is a multiple of ${this.#totalStride} samples, found ${length}. Change data.window_size, or the encoder's stages.`,
      );
    return scope(() => this.#compute(signal, mode));
  }

  #compute(signal: Tensor, mode: Mode): Tensor {
    const skips: Tensor[] = [];
    let x = this.#input.forward([signal.permute(0, 2, 1).unsqueeze(2)], mode);
    for (const [i, stage] of this.#encoder.entries()) {
      x = stage.forward([x], mode);
      skips.push(x);
      x = watched(mode, `encoder.downsample.${i}`, this.#downsample[i]!.forward(x, mode));
    }
    for (const block of this.#rescnn) x = block.forward(x, mode);
    if (this.#mamba.length > 0) {
      let sequence = x.squeeze(2).transpose(1, 2);
      for (const layer of this.#mamba) sequence = layer.forward(sequence, mode);
      x = sequence.transpose(1, 2).unsqueeze(2);
    }
    for (const [i, stage] of this.#decoder.entries()) {
      const longer = watched(mode, `decoder.upsample.${i}`, this.#upsample[i]!.forward(x, mode));
      x = stage.forward([longer, skips.pop()!], mode);
    }
    const output = watched(mode, 'decoder.output_conv', this.#output.forward(x, mode));
    return watched(mode, 'detection_head', this.#head.forward(output, mode)).squeeze(2).squeeze(1);
  }
}

function checkSizes({ encoder, mamba, decoder, rescnn }: ModelConfig): void {
  const refuse = (message: string): never => {
    throw new InputError('MODEL_SIZE', message);
  };
  const top = encoder.channels.at(-1)!;
  if (encoder.channels.length !== encoder.stages)
    refuse(`model.encoder.channels lists ${encoder.channels.length} widths for ${encoder.stages} stages.`);
  if (decoder.stages !== encoder.stages)
    refuse(`model.decoder.stages is ${decoder.stages}; it must be model.encoder.stages, ${encoder.stages}.`);
  if (mamba.n_layers > 0 && mamba.d_model !== top)
    refuse(`model.mamba.d_model is ${mamba.d_model}; it must be the last of model.encoder.channels, ${top}.`);
  if (mamba.n_layers > 0 && (mamba.expand * mamba.d_model) % mamba.head_dim !== 0)
    refuse(
      `model.mamba.head_dim ${mamba.head_dim} does not divide expand * d_model = ${mamba.expand * mamba.d_model}.`,
    );
  const surplus = decoder.kernel_size - encoder.downsample_factor;
  if (surplus < 0 || surplus % 2 !== 0)
    refuse(
      `model.decoder.kernel_size ${decoder.kernel_size} must exceed the stride ${encoder.downsample_factor} by an even number, 0 or more, to keep lengths.`,
    );
  if (rescnn.n_blocks > 0 && top < rescnn.kernel_sizes.length)
    refuse(`${rescnn.kernel_sizes.length} branches of model.rescnn do not fit into ${top} channels.`);
}
