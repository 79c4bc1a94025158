import { type ReaderSettings, WindowReader, type WindowSet } from '../data/index.ts';
import { type Device, noGrad, scope } from '../torch/index.ts';
import type { Augmentation } from './augmentation.ts';
import { Pinning } from './pinning.ts';
import type { Batch } from './step.ts';
import { rawBatchOf, toBatch, type Windows } from './windows.ts';

/** Windows read from disk by reader threads while the steps before them compute. */
export class DiskWindows implements Windows {
  readonly #set: WindowSet;
  readonly #reader: WindowReader;
  readonly #device: Device;
  readonly #pinning: Pinning;
  readonly #scales: Float32Array;
  waitedMs = 0;

  /** @param device where batches go */
  constructor(set: WindowSet, settings: ReaderSettings, device: Device, pinning = new Pinning(false)) {
    this.#set = set;
    this.#reader = new WindowReader(set, settings);
    this.#device = device;
    this.#pinning = pinning;
    this.#scales = Float32Array.from(set.windows, ({ recording }) => set.scales[recording]!);
  }

  get channels(): number {
    return this.#set.channels;
  }

  plan(batches: readonly (readonly number[])[]): void {
    this.#reader.plan(batches);
  }

  /** The next batch of the plan, whose windows these are. @throws InputError `CACHE_READ` */
  batch(indices: readonly number[], augmentation: Augmentation | null = null): Batch {
    const before = performance.now();
    const read = this.#reader.next();
    this.waitedMs += performance.now() - before;
    const batch = noGrad(() =>
      scope(() =>
        toBatch(rawBatchOf(read, [indices.length, this.#set.shape.length, this.#set.channels]), indices, {
          scales: this.#scales,
          augmentation,
          device: this.#device,
          pinning: this.#pinning,
        }),
      ),
    );
    read.release();
    return batch;
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
