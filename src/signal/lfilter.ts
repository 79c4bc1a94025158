import { InputError } from '../errors.ts';

/** Filtered samples and the state with which the filter goes on. */
export interface Filtered {
  readonly y: Float64Array;
  readonly zf: Float64Array;
}

/**
 * Filters forwards with the ratio of polynomials b / a, in direct form II transposed (scipy.signal.lfilter). With
 * the state `zf` of one piece as `zi` of the next, pieces give the same samples as the whole.
 *
 * @param x (n)
 * @param zi (max(length of a, length of b) - 1); without it the filter starts from zero
 * @throws InputError `SIGNAL_FILTER` for a that is empty or starts with 0, for an empty b, for zi of another length;
 * `SIGNAL_LENGTH` for an empty signal where a has one coefficient, as in SciPy
 */
export function lfilter(b: ArrayLike<number>, a: ArrayLike<number>, x: ArrayLike<number>): Float64Array;
export function lfilter(
  b: ArrayLike<number>,
  a: ArrayLike<number>,
  x: ArrayLike<number>,
  zi: ArrayLike<number>,
): Filtered;
export function lfilter(
  b: ArrayLike<number>,
  a: ArrayLike<number>,
  x: ArrayLike<number>,
  zi?: ArrayLike<number>,
): Float64Array | Filtered {
  if (b.length === 0 || a.length === 0 || a[0] === 0)
    throw new InputError(
      'SIGNAL_FILTER',
      `lfilter: expected coefficients b and a with a[0] other than 0, found ${b.length} of b and ${a.length} of a${a.length > 0 ? `, a[0] = ${a[0]}` : ''}.`,
    );
  if (a.length === 1 && x.length === 0)
    throw new InputError(
      'SIGNAL_LENGTH',
      'lfilter: expected a signal of at least 1 sample for a filter without feedback, found none.',
    );
  const order = Math.max(a.length, b.length) - 1;
  if (zi !== undefined && zi.length !== order)
    throw new InputError('SIGNAL_FILTER', `lfilter: expected zi of length ${order}, found ${zi.length}.`);
  const over = (coefficients: ArrayLike<number>) =>
    Float64Array.from({ length: order + 1 }, (_, k) => (coefficients[k] ?? 0) / a[0]!);
  const up = over(b);
  const down = over(a);
  // One place more than the state, always 0, so that the last place is like the others.
  const state = new Float64Array(order + 1);
  if (zi !== undefined) state.set(zi);
  const y = Float64Array.from(x);
  for (let i = 0; i < y.length; i++) {
    const input = y[i]!;
    const output = up[0]! * input + state[0]!;
    for (let k = 0; k < order; k++) state[k] = state[k + 1]! + up[k + 1]! * input - down[k + 1]! * output;
    y[i] = output;
  }
  return zi === undefined ? y : { y, zf: state.slice(0, order) };
}
