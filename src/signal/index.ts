/**
 * From recorded signals to what the model sees.
 *
 * ```ts
 * const { signal, segments, scale } = await preprocess(await openEdf(path), {
 *   ...config.preprocessing,
 *   sampling_rate: config.data.sampling_rate,
 * });
 * ```
 */
export { type Band, butter, type FilterOptions } from './butter.ts';
export { type ChannelName, channelName } from './channel-name.ts';
export type { PreprocessedSegment } from './filtered-stream.ts';
export { futureUses } from './future.ts';
export { iirnotch } from './iirnotch.ts';
export { type Filtered, lfilter } from './lfilter.ts';
export {
  type Derivation,
  deriveMontage,
  type Montage,
  type MontageSettings,
  montageChannels,
} from './montage.ts';
export { type PolyphaseFilter, PolyphaseResampler, polyphaseFilter, resamplePoly } from './polyphase.ts';
export {
  type Preprocessed,
  type PreprocessingSettings,
  preprocess,
} from './preprocess.ts';
export { type Ratio, rateRatio } from './rate-ratio.ts';
export { resample } from './resample.ts';
export { SectionFilter, sosfilt, sosfiltZi } from './sosfilt.ts';
export { defaultPadlen, sosfiltfilt } from './sosfiltfilt.ts';
export type { Polynomials, Section, ZerosPolesGain } from './zeros-poles.ts';
export { zscore } from './zscore.ts';
