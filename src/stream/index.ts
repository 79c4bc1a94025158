/**
 * A trained detector on a recording that is still being made.
 *
 * ```ts
 * const stream = new DetectorStream({ ...(await openPredictor('results/run', 'cpu')), signals, path, isEarly: false });
 * for await (const samples of amplifier) console.log(stream.push(samples).events); // certain ones only
 * console.log(stream.end().events);
 * ```
 */
export {
  DetectorStream,
  type DetectorStreamOptions,
  type StreamStep,
} from './detector-stream.ts';
export { growingFile } from './growing-file.ts';
export type { RawFormat, RawLayout } from './raw-samples.ts';
export { EdfReader, RawReader, type SampleReader } from './sample-reader.ts';
export type { ProvisionalState } from './segment-stream.ts';
export { type StreamLine, type StreamRequest, streamSeizures } from './stream-seizures.ts';
