import type { Detector } from '../model/index.ts';
import {
  type PlacedWindow,
  type ProbabilityCurve,
  type RecordedSegment,
  Stitcher,
  type StitchingSettings,
} from '../post/index.ts';
import {
  aten,
  autocast,
  type Device,
  type Dtype,
  fromTypedArray,
  noGrad,
  scope,
  stack,
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
  /** Batches are filled up with empty windows to a multiple of this. */
  readonly filledTo?: number;
}

/**
 * On a GPU. Every recording has a number of windows of its own, and cuDNN tries its algorithms anew for each size of a batch.
 */
const FILLED_TO = 16;

/** How a model predicts on a device, with its weights as they are now: to be disposed of before they change. */
export function predictorFor(
  model: Pick<Detector, 'fixed'>,
  computing: Pick<Predictor, 'device' | 'precision' | 'batchSize'>,
): Predictor & Disposable {
  return { ...model.fixed(), ...computing, ...(computing.device !== 'cpu' && { filledTo: FILLED_TO }) };
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
    const probabilities = predictWith(predictor, recording.scale * gain, () =>
      windowsOn(predictor, recording, batch, length),
    );
    if (hasNaN(probabilities))
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
 * Windows (B, T, C) of a recording as it is stored, on the device. What they span is sent once, not once for each of the
 * windows that overlap there; padded with zeros.
 */
function windowsOn(
  { device, batchSize, filledTo = 1 }: Predictor,
  { signal, channels }: CachedRecording,
  windows: readonly PlacedWindow[],
  length: number,
): Tensor {
  const start = windows[0]!.firstRow;
  const end = Math.max(...windows.map(({ firstRow, rows }) => firstRow + rows));
  const span = signal.subarray(start * channels, end * channels);
  const sent = fromTypedArray(span, [end - start, channels], { share: true }).to({ device });
  const own = stack(
    windows.map(({ firstRow, rows }) => {
      const recorded = sent.slice(0, firstRow - start, firstRow - start + rows);
      return rows === length
        ? recorded
        : aten.constant_pad_nd({ self: recorded, pad: [0, 0, 0, length - rows] });
    }),
  );
  const missing = Math.min(batchSize, Math.ceil(windows.length / filledTo) * filledTo) - windows.length;
  return missing > 0 ? aten.constant_pad_nd({ self: own, pad: [0, 0, 0, 0, 0, missing] }) : own;
}

/** A sum of probabilities is NaN where one of them is. */
function hasNaN(probabilities: Float32Array): boolean {
  let sum = 0;
  for (let index = 0; index < probabilities.length; index++) sum += probabilities[index]!;
  return Number.isNaN(sum);
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
  return predictWith(predictor, scale, () =>
    fromTypedArray(rows, shape, { share: true }).to({ device: predictor.device }),
  );
}

function predictWith(
  { device, precision, forward }: Predictor,
  scale: number,
  windows: () => Tensor,
): Float32Array {
  const probabilities = noGrad(() =>
    scope(() => {
      const signal = windows().to({ dtype: 'float32' }).mul(scale);
      const run = () => forward(signal);
      const logits = precision === null ? run() : autocast({ device, dtype: precision }, run);
      return logits.to({ dtype: 'float32' }).sigmoid().to({ device: 'cpu' });
    }),
  );
  const result = new Float32Array(probabilities.data() as Float32Array);
  probabilities.dispose();
  return result;
}
