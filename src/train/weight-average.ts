import { noGrad, scope, type Tensor } from '../torch/index.ts';
import type { FlatGroup, FlatParameters } from './flat-parameters.ts';

/** Before the name of a weight in a checkpoint: its average. */
export const AVERAGE_PREFIX = 'ema.';

interface Averaged {
  readonly group: FlatGroup;
  /** (N) float32, as the group's values */
  readonly average: Tensor;
}

/**
 * An exponential moving average of the weights (Polyak and Juditsky 1992): after optimiser step t, counted from 0,
 *
 *     average += (1 - min(decay, (1 + t) / (10 + t))) (weights - average)
 *
 * The first steps count more, so that the random first weights are soon forgotten. Batch-norm statistics are not
 * averaged: they are running means already.
 */
export class WeightAverage implements Disposable {
  readonly #decay: number;
  readonly #groups: readonly Averaged[];

  /** Starts at the weights as they are. */
  constructor(parameters: FlatParameters, decay: number) {
    this.#decay = decay;
    this.#groups = [parameters.decayed, parameters.plain].map((group) => ({
      group,
      average: noGrad(() => group.values.clone()),
    }));
  }

  /** Takes the weights after optimiser step `step` in. */
  update(step: number): void {
    const share = 1 - Math.min(this.#decay, (1 + step) / (10 + step));
    noGrad(() =>
      scope(() => {
        for (const { group, average } of this.#groups) average.add_(group.values.sub(average).mul_(share));
      }),
    );
  }

  /** Runs `body` with the averages as the weights; afterwards the weights are what they were, to the bit. */
  async within<T>(body: () => Promise<T>): Promise<T> {
    this.#swap();
    try {
      return await body();
    } finally {
      this.#swap();
    }
  }

  /** The averages by name, with the shapes of the weights: views for a checkpoint. */
  state(parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const { group, average } of this.#groups) {
      let start = 0;
      for (const name of group.names) {
        const { shape, elementCount } = parameters.get(name)!;
        const view = noGrad(() => average.slice(0, start, start + elementCount).view(...shape));
        state.set(AVERAGE_PREFIX + name, view);
        start += elementCount;
      }
    }
    return state;
  }

  [Symbol.dispose](): void {
    for (const { average } of this.#groups) average.dispose();
  }

  #swap(): void {
    noGrad(() =>
      scope(() => {
        for (const { group, average } of this.#groups) {
          const before = group.values.clone();
          group.values.copy_(average);
          average.copy_(before);
        }
      }),
    );
  }
}
