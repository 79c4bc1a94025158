import {
  type ProbabilityCurve,
  type RecordedSegment,
  Stitcher,
  type StitchingSettings,
} from '../post/index.ts';
import {
  autocast,
  type Device,
  type Dtype,
  fromTypedArray,
  noGrad,
  scope,
  type Tensor,
} from '../torch/index.ts';
import { NotFiniteError } from './run-stop.ts';

export type StoredSamples = Int16Array | Float32Array;

/** A preprocessed recording in memory, as the cache stores it. */
export interface CachedRecording {
  readonly name: string;
  /** (N, C), recorded samples only; float32 only where it was not cached */
  readonly signal: StoredSamples;
  readonly channels: number;
  readonly scale: number;
  readonly sampleRate: number;
  readonly segments: readonly RecordedSegment[];
}

export interface Predictor {
  /** (B, T, C) float32 -> logits (B, T), without dropout and with the running batch-norm statistics */
  readonly forward: (signal: Tensor) => Tensor;
  readonly device: Device;
  readonly precision: Dtype | null;
  /** Windows predicted at once. */
  readonly batchSize: number;
}

/**
 * Seizure probabilities of a recording: windows placed over every segment, predicted in batches, stitched to
 * one curve. Every recorded sample gets a value, also after the last full window and in recordings shorter
 * than one (failures G12).
 *
 * @param gain what the signal is multiplied by
 * @throws NotFiniteError when a prediction is NaN
 */
export function predictRecording(
  predictor: Predictor,
  recording: CachedRecording,
  stitching: StitchingSettings,
  gain = 1,
): ProbabilityCurve {
  const stitcher = new Stitcher(recording.segments, recording.sampleRate, stitching);
  const { windows } = stitcher;
  const length = stitching.window_size;
  for (let first = 0; first < windows.length; first += predictor.batchSize) {
    const batch = windows.slice(first, first + predictor.batchSize);
    const { channels } = recording;
    const size = batch.length * length * channels;
    const rows = recording.signal instanceof Int16Array ? new Int16Array(size) : new Float32Array(size);
    batch.forEach((window, index) => {
      const from = window.firstRow * channels;
      rows.set(recording.signal.subarray(from, from + window.rows * channels), index * length * channels);
    });
    const probabilities = predictWindows(
      predictor,
      rows,
      [batch.length, length, channels],
      recording.scale * gain,
    );
    if (probabilities.some(Number.isNaN))
      throw new NotFiniteError(
        `The model predicts NaN for ${recording.name}, in or after window ${first} of ${windows.length}: its weights are not finite, or too large. Lower training.learning_rate.`,
      );
    batch.forEach((window, index) => {
      stitcher.add(first + index, probabilities.subarray(index * length, index * length + window.rows));
    });
  }
  return stitcher.curve();
}

/**
 * Probabilities (B, T) of windows.
 *
 * @param rows (B, T, C)
 * @param shape B, T, C
 * @param scale what the rows are multiplied by
 */
export function predictWindows(
  predictor: Predictor,
  rows: StoredSamples,
  shape: number[],
  scale: number,
): Float32Array {
  const { device, precision } = predictor;
  const probabilities = noGrad(() =>
    scope(() => {
      const signal = fromTypedArray(rows, shape, { share: true })
        .to({ device })
        .to({ dtype: 'float32' })
        .mul(scale);
      const run = () => predictor.forward(signal);
      const logits = precision === null ? run() : autocast({ device, dtype: precision }, run);
      return logits.to({ dtype: 'float32' }).sigmoid().to({ device: 'cpu' });
    }),
  );
  const result = Float32Array.from(probabilities.data() as Float32Array);
  probabilities.dispose();
  return result;
}
