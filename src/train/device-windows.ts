import type { Corpus } from '../data/index.ts';
import { arange, aten, type Device, fromTypedArray, noGrad, scope, type Tensor } from '../torch/index.ts';
import type { Augmentation } from './augmentation.ts';
import type { Batch } from './step.ts';

/**
 * The corpus on one device, as int16: a batch is one gather of rows, cast and scaled where it is used. On a GPU
 * no loader stands between two steps; on the CPU it is the same gather from memory.
 */
export class DeviceWindows implements Disposable {
  readonly #corpus: Corpus;
  readonly #device: Device;
  readonly #target: Device;
  readonly #isPinned: boolean;
  readonly #signal: Tensor;
  readonly #labels: Tensor;
  readonly #rows: Tensor;

  /**
   * @param device where the corpus is kept
   * @param target where batches go
   * @param isPinned whether batches leave host memory through pinned pages, which a GPU reads while it computes
   */
  constructor(corpus: Corpus, device: Device, target: Device = device, { isPinned = false } = {}) {
    this.#corpus = corpus;
    this.#device = device;
    this.#target = target;
    this.#isPinned = isPinned && device === 'cpu' && target !== 'cpu';
    const rows = corpus.labels.length;
    this.#signal = scope(() =>
      fromTypedArray(corpus.signal, [rows, corpus.channels], { share: true }).to({ device }),
    );
    this.#labels = scope(() => fromTypedArray(corpus.labels, [rows], { share: true }).to({ device }));
    this.#rows = arange(corpus.windowLength, { device });
  }

  get channels(): number {
    return this.#corpus.channels;
  }

  get count(): number {
    return this.#corpus.starts.length;
  }

  /**
   * The windows of these indices.
   *
   * @param augmentation what is changed about each, or null
   */
  batch(indices: ArrayLike<number>, augmentation: Augmentation | null = null): Batch {
    const { starts, scales, channels, windowLength } = this.#corpus;
    const size = indices.length;
    const first = BigInt64Array.from({ length: size }, (_, i) => BigInt(starts[indices[i]!]!));
    const factor = Float32Array.from(
      { length: size * channels },
      (_, i) => scales[indices[Math.floor(i / channels)]!]! * (augmentation?.factors[i] ?? 1),
    );
    return noGrad(() =>
      scope(() => {
        const device = this.#device;
        const rows = fromTypedArray(first).to({ device }).unsqueeze(1).add(this.#rows).reshape(-1);
        const signal = this.#signal.indexSelect(0, rows).view(size, windowLength, channels);
        const factors = fromTypedArray(factor, [size, 1, channels]);
        const target = this.#target;
        const sent = this.#isPinned
          ? aten.pin_memory({ self: signal }).to({ device: target, nonBlocking: true })
          : signal.to({ device: target });
        const scaled = sent.to({ dtype: 'float32' }).mul_(factors.to({ device: target }));
        return {
          signal: inPlaces(scaled, augmentation?.places ?? null),
          labels: this.#labels.indexSelect(0, rows).view(size, windowLength).to({ device: target }),
          samples: fromTypedArray(BigInt64Array.from({ length: size }, (_, i) => BigInt(indices[i]!))).to({
            device: target,
          }),
        };
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.#signal, this.#labels, this.#rows]) tensor.dispose();
  }
}

/** Puts the channels of (B, T, C) in other places, each window its own. */
function inPlaces(signal: Tensor, places: BigInt64Array | null): Tensor {
  if (places === null) return signal;
  const [size, length, channels] = signal.shape as [number, number, number];
  const index = fromTypedArray(places, [size, 1, channels]).to({ device: signal.device });
  return aten.gather({ self: signal, dim: 2, index: index.expand(size, length, channels) });
}
