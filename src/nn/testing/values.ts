import { uniform } from '../../random/index.ts';
import { type Dtype, fromTypedArray, scope, type Tensor } from '../../torch/index.ts';

/** A tensor of numbers uniform in [low, high), a function of the seed; the same in every dtype up to rounding. */
export function values(
  shape: readonly number[],
  seed: number,
  { low = -1, high = 1, dtype = 'float64' as Dtype } = {},
): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const array = Float64Array.from({ length: size }, (_, i) => low + uniform(seed, i) * (high - low));
  return scope(() => fromTypedArray(array, shape).to({ dtype }));
}

/** The largest difference from `expected` in shares of its largest element. */
export function relativeError(found: Tensor, expected: Tensor): number {
  const [a, b] = [found.toArray(), expected.toArray()];
  if (found.shape.join() !== expected.shape.join())
    throw new RangeError(`shape [${found.shape}], expected [${expected.shape}]`);
  const scale = Math.max(...b.map(Math.abs));
  // Math.max of NaN is NaN, which no comparison lets pass.
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / (scale || 1);
}
