import { aten, noGrad, scope, type Tensor, zeros } from '../torch/index.ts';
import type { FlatGroup, FlatParameters } from './flat-parameters.ts';
import type { Optimizer } from './optimizer.ts';

export interface SgdOptions {
  /** Coupled, as an L2 penalty; on matrices only. */
  weightDecay: number;
  /** 0: plain gradient descent. */
  momentum: number;
}

interface Velocity {
  readonly group: FlatGroup;
  readonly weightDecay: number;
  /** (N) momentum times what it was, plus the gradient */
  readonly velocity: Tensor;
}

/** Stochastic gradient descent with momentum (Sutskever et al. 2013, as in torch.optim.SGD), on flat buffers. */
export class Sgd implements Optimizer {
  readonly #velocities: readonly Velocity[];
  readonly #momentum: number;

  constructor(parameters: FlatParameters, { weightDecay, momentum }: SgdOptions) {
    this.#momentum = momentum;
    this.#velocities = [
      { group: parameters.decayed, weightDecay },
      { group: parameters.plain, weightDecay: 0 },
    ].map(({ group, weightDecay }) => ({
      group,
      weightDecay,
      velocity: zeros(group.values.shape, { device: group.values.device }),
    }));
  }

  /** As {@link Optimizer.step}. */
  step(learningRate: Tensor, isSound: Tensor): void {
    noGrad(() =>
      scope(() => {
        const taken = isSound.to({ dtype: 'float32' });
        for (const { group, weightDecay, velocity } of this.#velocities) {
          const gradient = aten['where.ScalarOther']({
            condition: isSound,
            self: group.gradients,
            other: 0,
          });
          const change = weightDecay > 0 ? gradient.add(group.values.mul(weightDecay)) : gradient;
          // Momentum and change where the step is taken, 1 and 0 where it is not.
          velocity.mul_(taken.mul(this.#momentum - 1).add(1)).add_(change.mul(taken));
          group.values.add_(velocity.mul(learningRate.mul(taken)), { alpha: -1 });
        }
      }),
    );
  }

  /** As {@link Optimizer.state}. */
  state(): Map<string, Tensor> {
    const [decayed, plain] = this.#velocities;
    return new Map([
      ['optimizer.decayed.velocity', decayed!.velocity],
      ['optimizer.plain.velocity', plain!.velocity],
    ]);
  }
}
