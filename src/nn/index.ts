/**
 * Layers on the tensor layer. Each makes its weights at a place in a model's tree of names.
 *
 * ```ts
 * const store = { parameters: new Map(), buffers: new Map() };
 * const layer = new Linear(new Weights(store, 42).at('head'), 512, 1);
 * layer.forward(x); // store.parameters has head.weight and head.bias
 * ```
 */
export { BatchNorm } from './batch-norm.ts';
export { Conv1d, type ConvOptions, ConvTranspose1d } from './convolution.ts';
export { Dropout } from './dropout.ts';
export { FixedWeights } from './fixed-weights.ts';
export { LayerNorm, Linear, RmsNorm, residualNorm } from './layers.ts';
export { haveKernelSizes, Mamba2, type Mamba2Options, ssd } from './mamba2.ts';
export { EVALUATION, type Mode, type Peers, type Watch, watched } from './mode.ts';
export {
  normalisedConvolution,
  parallelConvolutions,
  residualConvolution,
} from './normalised-convolution.ts';
export { loadWeights, moveWeights, type WeightStore, Weights } from './weights.ts';
