/**
 * From recorded signals to what the model sees.
 *
 * ```ts
 * const { signal, segments, scale } = await preprocess(await openEdf(path), {
 *   ...config.preprocessing,
 *   sampling_rate: config.data.sampling_rate,
 * });
 * ```
 *
 * And the functions it is made of, with SciPy's names and SciPy's values; `bgb/signal` outside this package.
 *
 * ```ts
 * const x = resamplePoly(samples, 128, 125); // 250 Hz to 256 Hz
 * const y = sosfilt(butter(3, [0.5, 120], 'bandpass', { output: 'sos', fs: 256 }), x);
 * ```
 */
export { type Band, butter, type FilterOptions } from './butter.ts';
export { CausalStream, type StreamedRows } from './causal-stream.ts';
export { type ChannelName, channelName } from './channel-name.ts';
export { ELECTRODE_DIRECTIONS } from './electrode-directions.ts';
export type { PreprocessedSegment } from './filtered-stream.ts';
export { futureUses } from './future.ts';
export { iirnotch } from './iirnotch.ts';
export { type Filtered, lfilter } from './lfilter.ts';
export { type Mirror, mirrorOf } from './mirror.ts';
export { deriveMontage, montageChannels } from './montage.ts';
export { type PolyphaseFilter, PolyphaseResampler, polyphaseFilter, resamplePoly } from './polyphase.ts';
export { type Preprocessed, type PreprocessingSettings, preprocess } from './preprocess.ts';
export { resample } from './resample.ts';
export { sosfilt, sosfiltZi } from './sosfilt.ts';
export { sosfiltfilt } from './sosfiltfilt.ts';
export type { Polynomials, Section, ZerosPolesGain } from './zeros-poles.ts';
export { zscore } from './zscore.ts';
