import type { Watch } from '../nn/index.ts';
import { arange, aten, noGrad, outsideScopes, scope, type Tensor } from '../torch/index.ts';

/**
 * Two numbers that tell whether two tensors are alike without either being there: the norm, and the sum of elements in
 * row-major order, element i times cos(i). Where the elements differ by e of the norm in no special direction, so does the
 * norm or this sum, to a factor of about 1.4.
 */
export type Measure = readonly [norm: number, projection: number];

/** What one step did, layer by layer, in the order of the forward pass. */
export interface StepTrace {
  readonly step: number;
  readonly layers: readonly {
    readonly name: string;
    readonly output: Measure;
    /** Of the loss by the output; null where the loss does not depend on it. */
    readonly outputGradient: Measure | null;
    /** Of the loss by the layer's weights, all of them as one; null for a layer without. */
    readonly weightGradient: Measure | null;
  }[];
}

/** Measures one step: the outputs as they are made, their gradients and the weights' after backward. */
export class LayerWatch implements Disposable {
  readonly #held: { name: string; output: Tensor; measure: Measure }[] = [];
  readonly #alter: Watch | null;
  readonly #isReversed: boolean;

  /**
   * @param alter changes outputs, for tests of what is found then
   * @param isReversed the batch is in the other order, and is measured in its own
   */
  constructor(alter: Watch | null = null, { isReversed = false } = {}) {
    this.#alter = alter;
    this.#isReversed = isReversed;
  }

  /** To be given to the model; each layer of a pass once. */
  readonly watch: Watch = (name, output) => {
    const altered = this.#alter?.(name, output) ?? output;
    // The model's scopes release what they made, and with it the gradient.
    const held = outsideScopes(() => aten.alias({ self: altered }));
    if (held.requiresGrad) aten.retain_grad({ self: held });
    this.#held.push({ name, output: held, measure: this.#measure(held) });
    return held;
  };

  /** @param parameters after backward, each with its gradient; `factor` is what they have been multiplied by since */
  trace(step: number, parameters: ReadonlyMap<string, Tensor>, factor: number): StepTrace {
    const names = this.#held.map(({ name }) => name);
    const owned = new Map<string, Tensor[]>();
    return scope(() => {
      for (const [name, { grad }] of parameters) {
        const owner = ownerOf(name, names);
        if (grad !== null) owned.set(owner, [...(owned.get(owner) ?? []), grad]);
      }
      return {
        step,
        layers: this.#held.map(({ name, output, measure }) => ({
          name,
          output: measure,
          outputGradient: output.grad === null ? null : this.#measure(output.grad),
          weightGradient: owned.has(name) ? scaled(measureOf(...owned.get(name)!), 1 / factor) : null,
        })),
      };
    });
  }

  #measure(batch: Tensor): Measure {
    return scope(() => measureOf(this.#isReversed ? batch.detach().flip(0) : batch));
  }

  [Symbol.dispose](): void {
    for (const { output } of this.#held.splice(0)) output.dispose();
  }
}

/** The layer whose weight this is: the one with the longest name that the weight's begins with, or else the first. */
function ownerOf(parameter: string, layers: readonly string[]): string {
  const within = layers.filter((layer) => parameter.startsWith(`${layer}.`));
  return within.reduce(
    (longest, layer) => (layer.length > longest.length ? layer : longest),
    within[0] ?? layers[0]!,
  );
}

/** Of all elements, one tensor after the other. */
export function measureOf(...tensors: readonly Tensor[]): Measure {
  return noGrad(() =>
    scope(() => {
      let [squares, projection, start] = [0, 0, 0];
      for (const tensor of tensors) {
        const values = tensor.detach().to({ dtype: 'float64' }).reshape(-1);
        const count = values.elementCount;
        const weights = aten.cos({
          self: arange(count, { device: values.device, dtype: 'float64' }).add(start),
        });
        squares += values.mul(values).sum().item();
        projection += values.mul(weights).sum().item();
        start += count;
      }
      return [Math.sqrt(squares), projection];
    }),
  );
}

function scaled([norm, projection]: Measure, factor: number): Measure {
  return [norm * factor, projection * factor];
}

/** How far two measures are apart, relative to the larger norm; 0 where both are zero, Infinity where one is not finite. */
export function distance(a: Measure | null, b: Measure | null): number {
  if (a === null || b === null) return a === b ? 0 : Infinity;
  const size = Math.max(a[0], b[0]);
  const apart = Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]));
  if (size === 0) return 0;
  return Number.isFinite(apart) ? apart / size : Infinity;
}
