import type { Peers } from '../nn/index.ts';
import { GradientReducer, stack, type Tensor } from '../torch/index.ts';
import type { FlatParameters } from './flat-parameters.ts';
import { countedSamples } from './loss.ts';
import type { TrainingPeers } from './peers.ts';

/** How one process's part of a batch counts in the whole. */
export interface BatchShare {
  readonly peers: Peers;
  /** 0 where this process has no window of the batch and only runs along. */
  readonly weight: 0 | 1;
  /** () samples of the whole batch that are not excluded */
  readonly total: Tensor;
}

/**
 * What makes one step of several processes: means are over the whole batch, so each process's loss is its part of the sum
 * over the count of all, and gradients and losses are summed.
 */
export class JointStep implements Disposable {
  readonly #peers: TrainingPeers;
  readonly #reducers: readonly GradientReducer[];

  /** @param parameters whose gradients are the flat buffers', by name */
  constructor(
    peers: TrainingPeers,
    { decayed, plain }: FlatParameters,
    parameters: ReadonlyMap<string, Tensor>,
  ) {
    this.#peers = peers;
    this.#reducers = [decayed, plain]
      .filter(({ names }) => names.length > 0)
      .map(
        ({ names, gradients }) =>
          new GradientReducer(
            peers.group,
            names.map((name) => parameters.get(name)!),
            gradients,
          ),
      );
  }

  /**
   * @param labels (B, T) of this process's windows
   * @param windows of the whole batch
   */
  share(labels: Tensor, windows: number): BatchShare {
    const shares = this.#peers.shares(windows);
    const { group } = this.#peers;
    const weight = shares[group.rank]! > 0 ? 1 : 0;
    const total = group.allReduce(countedSamples(labels).mul(weight));
    return { peers: { group, windows: shares }, weight, total };
  }

  /** Before the backward after which gradients are complete. */
  beforeLastBackward(): void {
    for (const reducer of this.#reducers) reducer.arm();
  }

  /** Afterwards: gradients are sums over all processes. */
  afterLastBackward(): void {
    for (const reducer of this.#reducers) reducer.finish();
  }

  /** Sums over all processes of tensors (), in one message. */
  sums<T extends readonly Tensor[]>(own: T): { [Index in keyof T]: Tensor } {
    const together = this.#peers.group.allReduce(stack([...own]));
    return own.map((_, index) => together.select(0, index)) as { [Index in keyof T]: Tensor };
  }

  [Symbol.dispose](): void {
    for (const reducer of this.#reducers) reducer[Symbol.dispose]();
  }
}
