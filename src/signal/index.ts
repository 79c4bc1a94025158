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
export { type ChannelName, channelName } from './channel-name.ts';
export { defaultPadding, filterBothWays } from './filter.ts';
export { butterworthBandpass, notch, type Section } from './filter-design.ts';
export { type Derivation, derive, type MontageName, montageChannels, referenceOf } from './montage.ts';
export { type Normalised, normalise } from './normalise.ts';
export {
  type Preprocessed,
  type PreprocessedSegment,
  type PreprocessingSettings,
  preprocess,
} from './preprocess.ts';
export { type Ratio, rateRatio, resample } from './resample.ts';
