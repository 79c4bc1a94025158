import { distance, type Measure, type StepTrace } from './layer-trace.ts';

/** Where two machines first part. */
export interface LayerDifference {
  /** Step, the first is 0. */
  readonly step: number;
  /** The layer's output, the gradient that reaches its output, or that of its weights; `input`: the samples. */
  readonly pass: 'input' | 'forward' | 'backward' | 'optimiser';
  readonly layer: string;
  /** Relative to the norm. */
  readonly difference: number;
  /** In a sentence part: from which layer on, in which pass. */
  readonly text: string;
}

/** What is measured of a layer. */
export type Kind = 'output' | 'outputGradient' | 'weightGradient';

/** How far two machines may be apart in one thing; `layer` is its index in the trace. */
export type Tolerance = (step: number, layer: number, kind: Kind) => number;

/**
 * The first layer that differs: step by step, forward from the first layer on, then backward from the last one on. Where
 * everything of a step agrees and the first thing in the next that holds weights does not, it was the optimiser.
 *
 * @param tolerance relative to a layer's norm
 * @param rounding what rounding alone does, where that is known to be less
 */
export function firstDifference(
  a: readonly StepTrace[],
  b: readonly StepTrace[],
  tolerance: Tolerance,
  rounding: Tolerance = tolerance,
): LayerDifference | null {
  const other = new Map(b.map((trace) => [trace.step, trace]));
  let agreed: StepTrace | null = null;
  for (const trace of a) {
    const beside = other.get(trace.step);
    if (beside === undefined) continue;
    const found =
      inForward(trace, beside, tolerance) ??
      inClipping(trace, beside, tolerance) ??
      inBackward(trace, beside, tolerance);
    if (found !== null)
      return isAfterUpdate(found, [trace, beside], agreed, rounding) ? ofOptimiser(found) : found;
    agreed = trace;
  }
  return null;
}

function inForward(a: StepTrace, b: StepTrace, tolerance: Tolerance): LayerDifference | null {
  for (const [index, layer] of a.layers.entries()) {
    const difference = distance(layer.output, b.layers[index]?.output ?? null);
    if (difference <= tolerance(a.step, index, 'output')) continue;
    const isInput = layer.name === 'input';
    return {
      step: a.step,
      pass: isInput ? 'input' : 'forward',
      layer: layer.name,
      difference,
      text: isInput
        ? `the samples that go in differ at step ${a.step + 1}`
        : `from layer ${layer.name} on, in the forward pass of step ${a.step + 1}`,
    };
  }
  return null;
}

/** Where gradients by the outputs agree, and those by the weights but for one factor: what clipping multiplies them by. */
function inClipping(a: StepTrace, b: StepTrace, tolerance: Tolerance): LayerDifference | null {
  const isOff = (index: number, kind: Kind, one: Measure | null) =>
    distance(one, b.layers[index]?.[kind] ?? null) > tolerance(a.step, index, kind);
  if (a.layers.some(({ outputGradient }, index) => isOff(index, 'outputGradient', outputGradient)))
    return null;
  const weighted = a.layers.flatMap(({ name, weightGradient }, index) =>
    weightGradient === null ? [] : [{ name, index, gradient: weightGradient }],
  );
  const [first, ...others] = weighted;
  if (first === undefined || others.length === 0) return null;
  if (!isOff(first.index, 'weightGradient', first.gradient)) return null;
  const factor = (b.layers[first.index]?.weightGradient?.[0] ?? Number.NaN) / first.gradient[0];
  const isOfAll = others.every(
    ({ index, gradient }) => !isOff(index, 'weightGradient', [gradient[0] * factor, gradient[1] * factor]),
  );
  if (!isOfAll) return null;
  const text = `from the clipping of step ${a.step + 1} on: all gradients agree but for one factor, ${factor.toPrecision(6)}`;
  return { step: a.step, pass: 'optimiser', layer: first.name, difference: Math.abs(factor - 1), text };
}

function inBackward(a: StepTrace, b: StepTrace, tolerance: Tolerance): LayerDifference | null {
  const at = (index: number, of: 'outputGradient' | 'weightGradient'): [Measure | null, Measure | null] => [
    a.layers[index]![of],
    b.layers[index]?.[of] ?? null,
  ];
  for (let index = a.layers.length - 1; index >= 0; index--) {
    const { name } = a.layers[index]!;
    const reached = distance(...at(index, 'outputGradient'));
    if (reached > tolerance(a.step, index, 'outputGradient')) {
      // The gradient is what the layer after it handed down.
      const layer = a.layers[index + 1]?.name ?? 'loss';
      return backward(a.step, layer, reached, `from the gradient that ${layer} hands down to ${name} on`);
    }
    const own = distance(...at(index, 'weightGradient'));
    if (own > tolerance(a.step, index, 'weightGradient'))
      return backward(a.step, name, own, `from the gradient of the weights of ${name} on`);
  }
  return null;
}

function backward(step: number, layer: string, difference: number, what: string): LayerDifference {
  const text = `${what}, in the backward pass of step ${step + 1}`;
  return { step, pass: 'backward', layer, difference, text };
}

/**
 * Whether a difference came with the update before it: everything of the step before agreed, and already the first layer
 * with weights is off by more than rounding, be it too little to be told by itself.
 */
function isAfterUpdate(
  found: LayerDifference,
  [a, b]: readonly [StepTrace, StepTrace],
  agreed: StepTrace | null,
  rounding: Tolerance,
): boolean {
  if (found.pass === 'input' || agreed?.step !== a.step - 1) return false;
  const first = a.layers.findIndex(({ weightGradient }) => weightGradient !== null);
  if (first < 0) return false;
  const off = distance(a.layers[first]!.output, b.layers[first]?.output ?? null);
  return off > rounding(a.step, first, 'output');
}

function ofOptimiser({ step, layer, difference }: LayerDifference): LayerDifference {
  const text = `from the optimiser's step ${step} on: all gradients before it agree, and the weights after it do not`;
  return { step, pass: 'optimiser', layer, difference, text };
}
