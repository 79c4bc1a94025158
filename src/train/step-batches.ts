import type { Mirror } from '../signal/index.ts';
import { type Augmentation, drawAugmentation, mirrorFrom } from './augmentation.ts';
import type { Training } from './loop.ts';
import type { TrainingPeers } from './peers.ts';
import type { Batch } from './step.ts';

/** The windows of one optimiser step. */
export interface StepWindows {
  /** This process's, in as many batches as gradients are accumulated over. */
  readonly batches: readonly Batch[];
  /** Windows of each batch in all processes. */
  readonly sizes: readonly number[];
  /** Of the readers' counter: milliseconds spent waiting for them. */
  readonly waitedMs: number;
}

/** What of a training it needs. */
type Source = Pick<Training, 'config' | 'windows'> & { readonly peers: Pick<TrainingPeers, 'own'> | null };

/** Cuts the order of an epoch into batches and brings this process's part of each, augmented, to the device. */
export class StepBatches {
  readonly #training: Source;
  readonly #mirror: Mirror | null;

  constructor(training: Source) {
    this.#training = training;
    this.#mirror = mirrorFrom(training.config);
  }

  /** Says which windows the steps to come will ask for, in order. */
  plan(order: readonly number[]): void {
    const { config, windows } = this.#training;
    const { batch_size, gradient_accumulation_steps } = config.training;
    const steps = inBatches(order, batch_size * gradient_accumulation_steps);
    windows.plan(steps.flatMap((indices) => inBatches(indices, batch_size)).map((batch) => this.#own(batch)));
  }

  /** @param indices windows of the data set @param epoch counted from 0 */
  fetch(indices: readonly number[], epoch: number): StepWindows {
    const { config, windows } = this.#training;
    const waitedBefore = windows.waitedMs ?? 0;
    const whole = inBatches(indices, config.training.batch_size);
    const batches = whole.map((batch) => {
      const own = this.#own(batch);
      return windows.batch(own, this.#augmentation(own, epoch));
    });
    return {
      batches,
      sizes: whole.map(({ length }) => length),
      waitedMs: (windows.waitedMs ?? 0) - waitedBefore,
    };
  }

  #own(batch: readonly number[]): readonly number[] {
    return this.#training.peers?.own(batch) ?? batch;
  }

  #augmentation(indices: readonly number[], epoch: number): Augmentation | null {
    const { config, windows } = this.#training;
    return drawAugmentation(config.training.augmentation, {
      seed: config.experiment.seed,
      epoch,
      windows: indices,
      channels: windows.channels,
      mirror: this.#mirror,
    });
  }
}

/** Cut into runs of `size`, the last one as long as what is left. */
export function inBatches(indices: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(indices.length / size) }, (_, i) =>
    indices.slice(i * size, (i + 1) * size),
  );
}
