import type { Detector } from '../model/index.ts';
import {
  type PendingCurve,
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
import { Pinning } from './pinning.ts';
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

const PINNING = new Pinning(true);

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
  return startPrediction(predictor, recording, stitching, gain).arrive();
}

/**
 * As {@link predictRecording} of one recording after the other; while the caller has one of them, a GPU has the next. A CPU
 * has computed all of it when it was asked to.
 *
 * @param recordings loaded when their turn comes
 */
export function* predictInTurn<R extends CachedRecording>(
  predictor: Predictor,
  recordings: Iterable<R>,
  stitching: StitchingSettings,
  { isAhead = predictor.device !== 'cpu' } = {},
): Generator<{ readonly recording: R; readonly curve: ProbabilityCurve }> {
  let pending: { readonly recording: R; readonly curve: PendingCurve } | null = null;
  const arrived = ({ recording, curve }: NonNullable<typeof pending>) => ({
    recording,
    curve: curve.arrive(),
  });
  try {
    for (const recording of recordings) {
      const before: typeof pending = pending;
      pending = { recording, curve: startPrediction(predictor, recording, stitching) };
      if (before !== null) yield arrived(before);
      if (!isAhead) {
        yield arrived(pending);
        pending = null;
      }
    }
    if (pending !== null) yield arrived(pending);
  } finally {
    pending?.curve[Symbol.dispose]();
  }
}

/** Gives the device all of a recording's windows; what it predicts is waited for later. */
function startPrediction(
  predictor: Predictor,
  recording: CachedRecording,
  stitching: StitchingSettings,
  gain = 1,
): PendingCurve {
  using stitcher = new Stitcher(recording.segments, recording.sampleRate, stitching, predictor.device);
  const { windows } = stitcher;
  const length = stitching.window_size;
  for (let first = 0; first < windows.length; first += predictor.batchSize) {
    const batch = windows.slice(first, first + predictor.batchSize);
    scope(() => {
      const probabilities = predictWith(predictor, recording.scale * gain, () =>
        windowsOn(predictor, recording, batch, length),
      );
      batch.forEach((_, index) => {
        stitcher.add(first + index, probabilities.select(0, index));
      });
    });
  }
  const pending = stitcher.curve();
  const arrive = () => {
    const curve = pending.arrive();
    requireNumbers(curve.probabilities, recording);
    return curve;
  };
  return { arrive, [Symbol.dispose]: () => pending[Symbol.dispose]() };
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
  const stored = fromTypedArray(span, [end - start, channels], { share: true });
  // Not waited for where the memory is pinned, which would wait for all batches before.
  const sent =
    device === 'cpu' ? stored : (PINNING.pinned(stored) ?? stored).to({ device, nonBlocking: true });
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

/** @throws NotFiniteError */
function requireNumbers(probabilities: ArrayLike<number>, { name, sampleRate }: CachedRecording): void {
  for (let row = 0; row < probabilities.length; row++)
    if (Number.isNaN(probabilities[row]!))
      throw new NotFiniteError(
        `The model predicts NaN for ${name}, first at recorded second ${(row / sampleRate).toFixed(1)}: its weights are not finite, or too large. Lower training.learning_rate.`,
      );
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
  return scope(() => {
    const windows = () => fromTypedArray(rows, shape, { share: true }).to({ device: predictor.device });
    return new Float32Array(
      predictWith(predictor, scale, windows).to({ device: 'cpu' }).data() as Float32Array,
    );
  });
}

/** Probabilities (B, T) float32, on the device. */
function predictWith(
  { device, precision, forward }: Predictor,
  scale: number,
  windows: () => Tensor,
): Tensor {
  return noGrad(() =>
    scope(() => {
      const signal = windows().to({ dtype: 'float32' }).mul(scale);
      const run = () => forward(signal);
      const logits = precision === null ? run() : autocast({ device, dtype: precision }, run);
      return logits.to({ dtype: 'float32' }).sigmoid();
    }),
  );
}
