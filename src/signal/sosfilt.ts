import { InputError } from '../errors.ts';
import type { Filtered } from './lfilter.ts';
import type { Section } from './zeros-poles.ts';

/**
 * Filters forwards through second-order sections, in direct form II transposed (scipy.signal.sosfilt). With the
 * state `zf` of one piece as `zi` of the next, pieces give the same samples as the whole.
 *
 * @param x (n)
 * @param zi two values a section; without it the filter starts from zero
 * @throws InputError `SIGNAL_FILTER` without sections, for a0 other than 1, for zi of another length;
 * `SIGNAL_LENGTH` for an empty signal
 */
export function sosfilt(sections: readonly Section[], x: ArrayLike<number>): Float64Array;
export function sosfilt(sections: readonly Section[], x: ArrayLike<number>, zi: ArrayLike<number>): Filtered;
export function sosfilt(
  sections: readonly Section[],
  x: ArrayLike<number>,
  zi?: ArrayLike<number>,
): Float64Array | Filtered {
  const filter = new SectionFilter(sections);
  if (x.length === 0)
    throw new InputError('SIGNAL_LENGTH', 'sosfilt: expected a signal of at least 1 sample, found none.');
  if (zi !== undefined) filter.setState(zi);
  const y = Float64Array.from(x);
  filter.apply(y);
  return zi === undefined ? y : { y, zf: filter.state() };
}

/** State of each section in which a constant input of 1 gives a constant output (scipy.signal.sosfilt_zi). */
export function sosfiltZi(sections: readonly Section[]): Float64Array {
  const state = new Float64Array(2 * sections.length);
  let level = 1;
  for (const [index, [b0, b1, b2, , a1, a2]] of sections.entries()) {
    const [first, second] = steadyState(b1 - a1 * b0, b2 - a2 * b0, a1, a2);
    state[2 * index] = level * first;
    state[2 * index + 1] = level * second;
    level *= (b0 + b1 + b2) / (1 + a1 + a2);
  }
  return state;
}

/**
 * Solves [1 + a1, -1; a2, 1] z = right by elimination with the larger pivot. A short formula exists, but near a pole
 * at 1 the last digits of the state are those of the elimination, and a filter of high order makes them visible. So
 * its products are added unrounded, as LAPACK's are on the processors in use.
 */
function steadyState(right1: number, right2: number, a1: number, a2: number): [number, number] {
  let upper: readonly number[] = [1 + a1, -1, right1];
  let lower: readonly number[] = [a2, 1, right2];
  if (Math.abs(a2) > Math.abs(1 + a1)) [upper, lower] = [lower, upper];
  const [pivot, above, aboveRight] = upper as [number, number, number];
  const [below, last, lastRight] = lower as [number, number, number];
  const factor = below * (1 / pivot);
  const second = multiplyAdd(-factor, aboveRight, lastRight) / multiplyAdd(-factor, above, last);
  return [multiplyAdd(-above, second, aboveRight) / pivot, second];
}

/** a b + c, rounded once: product and sum with their errors (Dekker, Numerische Mathematik 18, 1971). */
function multiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  const productError = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const sum = product + c;
  const added = sum - product;
  const sumError = product - (sum - added) + (c - added);
  return sum + (productError + sumError);
}

/** A number as the sum of two with half as many digits, whose products are exact. */
function halves(value: number): [number, number] {
  const scaled = 134217729 * value;
  const high = scaled - (scaled - value);
  return [high, value - high];
}

/** Sections run side by side: the processor waits for one section's feedback while it computes the others. */
const ABREAST = 4;
const PASS: Section = [1, 0, 0, 1, 0, 0];

/** {@link sosfilt} in place, piece by piece. */
export class SectionFilter {
  readonly #count: number;
  /** b0, b1, b2, a1, a2 of every section, filled up to a multiple of {@link ABREAST} with ones that change nothing. */
  readonly #coefficients: Float64Array;
  readonly #state: Float64Array;

  /** @throws InputError `SIGNAL_FILTER` without sections, or for a0 other than 1 */
  constructor(sections: readonly Section[]) {
    if (sections.length === 0 || sections.some((section) => section.length !== 6 || section[3] !== 1))
      throw new InputError(
        'SIGNAL_FILTER',
        `sosfilt: expected one or more sections of six values, the fourth (a0) 1, found ${JSON.stringify(sections).slice(0, 200)}.`,
      );
    this.#count = sections.length;
    const filled = [
      ...sections,
      ...Array.from({ length: (ABREAST - (sections.length % ABREAST)) % ABREAST }, () => PASS),
    ];
    this.#coefficients = Float64Array.from(filled.flatMap(([b0, b1, b2, , a1, a2]) => [b0, b1, b2, a1, a2]));
    this.#state = new Float64Array(2 * filled.length);
  }

  /** (2 sections) */
  state(): Float64Array {
    return this.#state.slice(0, 2 * this.#count);
  }

  /** @throws InputError `SIGNAL_FILTER` for another length than two values a section */
  setState(state: ArrayLike<number>): void {
    if (state.length !== 2 * this.#count)
      throw new InputError(
        'SIGNAL_FILTER',
        `sosfilt: expected zi of ${2 * this.#count} values, found ${state.length}.`,
      );
    this.#state.set(state);
  }

  /** Filters a piece in place. */
  apply(signal: Float64Array): void {
    for (let first = 0; first < this.#state.length / 2; first += ABREAST)
      four(
        this.#coefficients.subarray(5 * first, 5 * (first + ABREAST)),
        this.#state.subarray(2 * first, 2 * (first + ABREAST)),
        signal,
      );
  }
}

function four(c: Float64Array, state: Float64Array, signal: Float64Array): void {
  const [b00, b01, b02, a01, a02, b10, b11, b12, a11, a12] = c as unknown as Ten;
  const [b20, b21, b22, a21, a22, b30, b31, b32, a31, a32] = c.subarray(10) as unknown as Ten;
  let [s00, s01, s10, s11, s20, s21, s30, s31] = state as unknown as Eight;
  for (let i = 0; i < signal.length; i++) {
    const x = signal[i]!;
    const y0 = b00 * x + s00;
    s00 = b01 * x - a01 * y0 + s01;
    s01 = b02 * x - a02 * y0;
    const y1 = b10 * y0 + s10;
    s10 = b11 * y0 - a11 * y1 + s11;
    s11 = b12 * y0 - a12 * y1;
    const y2 = b20 * y1 + s20;
    s20 = b21 * y1 - a21 * y2 + s21;
    s21 = b22 * y1 - a22 * y2;
    const y3 = b30 * y2 + s30;
    s30 = b31 * y2 - a31 * y3 + s31;
    s31 = b32 * y2 - a32 * y3;
    signal[i] = y3;
  }
  state.set([s00, s01, s10, s11, s20, s21, s30, s31]);
}

type Ten = [number, number, number, number, number, number, number, number, number, number];
type Eight = [number, number, number, number, number, number, number, number];
