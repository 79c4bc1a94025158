import { aten, full, hasKernels, noGrad, own, scope, stack, type Tensor, zeros } from '../torch/index.ts';
import type { FlatGroup, FlatParameters } from './flat-parameters.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamWOptions {
  /** Decoupled weight decay, on matrices only. */
  weightDecay: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

interface Moments {
  readonly group: FlatGroup;
  readonly weightDecay: number;
  /** (N) running mean of the gradient and of its square */
  readonly mean: Tensor;
  readonly square: Tensor;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2), on flat buffers and wholly on the device: the learning
 * rate is a tensor, and a step whose gradient is not finite is left out without anyone reading the flag.
 */
export class AdamW implements Optimizer {
  readonly #moments: readonly Moments[];
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  /** () float64, steps taken; skipped ones do not count */
  readonly #steps: Tensor;

  constructor(
    parameters: FlatParameters,
    { weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions,
  ) {
    this.#moments = [
      { group: parameters.decayed, weightDecay },
      { group: parameters.plain, weightDecay: 0 },
    ].map(({ group, weightDecay }) => ({
      group,
      weightDecay,
      mean: zeros(group.values.shape, { device: group.values.device, dtype: group.values.dtype }),
      square: zeros(group.values.shape, { device: group.values.device, dtype: group.values.dtype }),
    }));
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#steps = full([], 0, { dtype: 'float64', device: parameters.decayed.values.device });
  }

  /** As {@link Optimizer.step}; a step that is not taken does not count. */
  step(learningRate: Tensor, isSound: Tensor): void {
    noGrad(() =>
      scope(() => {
        const taken = isSound.to({ dtype: 'float32' });
        this.#steps.add_(taken);
        // 1 - beta^t in float64: with t = 1 and beta = 0.999 float32 would lose half its digits.
        const correction = (beta: number) =>
          aten['pow.Scalar']({ self: beta, exponent: this.#steps.clampMin(1) })
            .neg()
            .add(1)
            .to({ dtype: 'float32' });
        const correction1 = correction(this.#beta1);
        const correction2 = correction(this.#beta2).sqrt();
        if (hasKernels(this.#moments[0]!.mean)) {
          const one = full([], 1, { device: taken.device });
          const scalars = stack([taken, learningRate, correction1, correction2, one]);
          for (const { group, weightDecay, mean, square } of this.#moments) {
            if (mean.elementCount === 0) continue;
            own.adamw_({
              values: group.values,
              gradients: group.gradients,
              mean,
              square,
              scalars,
              beta1: this.#beta1,
              beta2: this.#beta2,
              eps: this.#epsilon,
              decay: weightDecay,
            });
          }
          return;
        }
        for (const { group, weightDecay, mean, square } of this.#moments) {
          const gradient = aten['where.ScalarOther']({
            condition: isSound,
            self: group.gradients,
            other: 0,
          });
          mean.add_(gradient.sub(mean).mul_(taken.mul(1 - this.#beta1)));
          square.add_(
            gradient
              .mul(gradient)
              .sub(square)
              .mul_(taken.mul(1 - this.#beta2)),
          );
          const rate = learningRate.mul(taken);
          if (weightDecay > 0) group.values.mul_(rate.mul(-weightDecay).add(1));
          const scale = square.sqrt().div(correction2).add(this.#epsilon);
          group.values.add_(mean.div(scale).mul_(rate.div(correction1)), { alpha: -1 });
        }
      }),
    );
  }

  /** As {@link Optimizer.state}. */
  state(): Map<string, Tensor> {
    const [decayed, plain] = this.#moments;
    return new Map([
      ['optimizer.steps', this.#steps],
      ['optimizer.decayed.mean', decayed!.mean],
      ['optimizer.decayed.square', decayed!.square],
      ['optimizer.plain.mean', plain!.mean],
      ['optimizer.plain.square', plain!.square],
    ]);
  }
}
