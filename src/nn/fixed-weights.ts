import { autocastDtype, noGrad, outsideScopes, Scope, type Tensor } from '../torch/index.ts';
import type { Mode } from './mode.ts';

/** What layers make of weights that stay as they are, made at the first pass and used in all after it. */
export class FixedWeights implements Disposable {
  readonly #made = new Map<object, unknown>();
  readonly #own: Tensor[] = [];

  of<T>(layer: object, make: () => T): T {
    const before = this.#made.get(layer);
    if (before !== undefined) return before as T;
    const made = outsideScopes(() => {
      using inner = new Scope();
      const value = noGrad(make);
      this.#own.push(...inner.owned(value));
      return inner.keep(value);
    });
    this.#made.set(layer, made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#own.splice(0)) tensor.dispose();
    this.#made.clear();
  }
}

/**
 * What a layer makes of its weights before it takes them: each time, or once where they are fixed.
 *
 * @param layer stands for what is made; made of one thing only
 */
export function derived<T>(mode: Mode, layer: object, make: () => T): T {
  return !mode.isTraining && mode.fixed ? mode.fixed.of(layer, make) : make();
}

/** A weight in the precision that autocast would give it. */
export function inComputePrecision(weight: Tensor): Tensor {
  const dtype = autocastDtype(weight.device);
  return dtype === null ? weight : weight.to({ dtype });
}
