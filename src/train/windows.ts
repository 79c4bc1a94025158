import type { ReadBatch } from '../data/index.ts';
import { aten, type Device, fromTypedArray, type Tensor } from '../torch/index.ts';
import type { Augmentation } from './augmentation.ts';
import type { Pinning } from './pinning.ts';
import type { Batch } from './step.ts';

/** Where training's batches come from: memory of the device or the host, or disk. All give the same batches. */
export interface Windows extends Disposable {
  readonly channels: number;
  /** Milliseconds spent so far waiting for readers, where there are readers. */
  readonly waitedMs?: number;
  /** Says which batches will be asked for, in order; what is planned may be prepared ahead. */
  plan(batches: readonly (readonly number[])[]): void;
  /**
   * The windows of these indices.
   *
   * @param augmentation what is changed about each, or null
   */
  batch(indices: readonly number[], augmentation?: Augmentation | null): Batch;
}

/** Samples as stored, before they are scaled; gone after the step. */
export interface RawBatch {
  /** (B, T, C) int16, on any device */
  readonly signal: Tensor;
  /** (B, T) uint8, on any device */
  readonly labels: Tensor;
}

/**
 * Brings stored samples to the device of the model and scales them there.
 *
 * @param scales by window of the data set
 * @param pinning how they leave host memory
 */
export function toBatch(
  { signal, labels }: RawBatch,
  indices: readonly number[],
  {
    scales,
    augmentation,
    device,
    pinning,
  }: {
    readonly scales: ArrayLike<number>;
    readonly augmentation: Augmentation | null;
    readonly device: Device;
    readonly pinning: Pinning;
  },
): Batch {
  const [size, , channels] = signal.shape as [number, number, number];
  const factor = Float32Array.from(
    { length: size * channels },
    (_, i) => scales[indices[Math.floor(i / channels)]!]! * (augmentation?.factors[i] ?? 1),
  );
  const send = (tensor: Tensor) => {
    const isCopied = tensor.device === 'cpu' && device !== 'cpu';
    const pinned = isCopied ? pinning.pinned(tensor) : null;
    return pinned === null ? tensor.to({ device }) : pinned.to({ device, nonBlocking: true });
  };
  const factors = toDevice(fromTypedArray(factor, [size, 1, channels]), device);
  const scaled = send(signal).to({ dtype: 'float32' }).mul_(factors);
  return {
    signal: inPlaces(scaled, augmentation?.places ?? null),
    labels: send(labels),
    samples: toDevice(fromTypedArray(BigInt64Array.from(indices, BigInt)), device),
  };
}

/**
 * Sends some numbers a window without waiting for what the device still computes: CUDA copies so few before it returns.
 * A copy that waits would leave the device idle from the end of one step to the launch of the next.
 */
export function toDevice(numbers: Tensor, device: Device): Tensor {
  return numbers.to({ device, nonBlocking: true });
}

/** Shared memory of a reader as tensors of its own. */
export function rawBatchOf(
  { signal, labels }: ReadBatch,
  shape: readonly [number, number, number],
): RawBatch {
  return {
    signal: fromTypedArray(signal, [...shape], { share: true }),
    // Copied: on the CPU the labels of a batch would otherwise lie in the reader's memory.
    labels: fromTypedArray(labels, shape.slice(0, 2)),
  };
}

/** Puts the channels of (B, T, C) in other places, each window its own. */
function inPlaces(signal: Tensor, places: BigInt64Array | null): Tensor {
  if (places === null) return signal;
  const [size, length, channels] = signal.shape as [number, number, number];
  const index = toDevice(fromTypedArray(places, [size, 1, channels]), signal.device);
  return aten.gather({ self: signal, dim: 2, index: index.expand(size, length, channels) });
}
