import type { Corpus } from '../data/index.ts';
import { arange, type Device, fromTypedArray, noGrad, scope, type Tensor } from '../torch/index.ts';
import type { Augmentation } from './augmentation.ts';
import { Pinning } from './pinning.ts';
import type { Batch } from './step.ts';
import { toBatch, toDevice, type Windows } from './windows.ts';

/**
 * The corpus on one device, as int16: a batch is one gather of rows, cast and scaled where it is used. On a GPU
 * no loader stands between two steps; on the CPU it is the same gather from memory.
 */
export class DeviceWindows implements Windows {
  /** Without the samples: the host's are let go of where another device has them. */
  readonly #corpus: Omit<Corpus, 'signal' | 'labels'>;
  readonly #device: Device;
  readonly #target: Device;
  readonly #pinning: Pinning;
  readonly #signal: Tensor;
  readonly #labels: Tensor;
  readonly #rows: Tensor;

  /**
   * @param device where the corpus is kept
   * @param target where batches go
   * @param pinning how batches leave host memory
   */
  constructor(corpus: Corpus, device: Device, target: Device = device, pinning = new Pinning(false)) {
    const { signal, labels, ...places } = corpus;
    this.#corpus = places;
    this.#device = device;
    this.#target = target;
    this.#pinning = pinning;
    const rows = labels.length;
    this.#signal = scope(() =>
      fromTypedArray(signal, [rows, corpus.channels], { share: true }).to({ device }),
    );
    this.#labels = scope(() => fromTypedArray(labels, [rows], { share: true }).to({ device }));
    this.#rows = arange(corpus.windowLength, { device });
  }

  get channels(): number {
    return this.#corpus.channels;
  }

  get count(): number {
    return this.#corpus.starts.length;
  }

  /** Nothing is prepared: a gather takes less time than a launch. */
  plan(): void {}

  /** As {@link Windows.batch}; any windows, in any order. */
  batch(indices: readonly number[], augmentation: Augmentation | null = null): Batch {
    const { starts, scales, channels, windowLength } = this.#corpus;
    const size = indices.length;
    const first = BigInt64Array.from(indices, (index) => BigInt(starts[index]!));
    return noGrad(() =>
      scope(() => {
        const rows = toDevice(fromTypedArray(first), this.#device).unsqueeze(1).add(this.#rows).reshape(-1);
        const raw = {
          signal: this.#signal.indexSelect(0, rows).view(size, windowLength, channels),
          labels: this.#labels.indexSelect(0, rows).view(size, windowLength),
        };
        return toBatch(raw, indices, {
          scales,
          augmentation,
          device: this.#target,
          pinning: this.#pinning,
        });
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.#signal, this.#labels, this.#rows]) tensor.dispose();
  }
}
