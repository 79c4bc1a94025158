import { InputError } from '../errors.ts';
import {
  add,
  type Complex,
  divide,
  multiply,
  product,
  real,
  scale,
  squareRoot,
  subtract,
} from './complex.ts';
import {
  type Polynomials,
  polynomialsOf,
  type Section,
  sectionsOf,
  type ZerosPolesGain,
} from './zeros-poles.ts';

export type Band = 'lowpass' | 'highpass' | 'bandpass' | 'bandstop';

export interface FilterOptions<Output extends 'ba' | 'sos' | 'zpk' = 'ba' | 'sos' | 'zpk'> {
  /** Polynomials (the default), second-order sections, or zeros, poles and gain. */
  readonly output?: Output;
  /** Hz; without it frequencies are shares of Nyquist's. */
  readonly fs?: number;
}

/**
 * Designs a digital Butterworth filter (scipy.signal.butter): the analogue prototype's poles moved to the band,
 * then the bilinear transform with warped edges (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.1).
 *
 * ```ts
 * const sections = butter(3, [0.5, 120], 'bandpass', { output: 'sos', fs: 256 });
 * ```
 *
 * @param order of the prototype; band-pass and band-stop filters have twice as many poles
 * @param frequencies one edge for low-pass and high-pass, two rising ones for band-pass and band-stop
 * @throws InputError `SIGNAL_FILTER` for frequencies outside 0 to Nyquist's, or an order that is no whole number
 */
export function butter(
  order: number,
  frequencies: number | readonly number[],
  band?: Band,
  options?: FilterOptions<'ba'>,
): Polynomials;
export function butter(
  order: number,
  frequencies: number | readonly number[],
  band: Band,
  options: FilterOptions<'sos'> & { readonly output: 'sos' },
): Section[];
export function butter(
  order: number,
  frequencies: number | readonly number[],
  band: Band,
  options: FilterOptions<'zpk'> & { readonly output: 'zpk' },
): ZerosPolesGain;
export function butter(
  order: number,
  frequencies: number | readonly number[],
  band: Band = 'lowpass',
  { output = 'ba', fs = 2 }: FilterOptions = {},
): Polynomials | Section[] | ZerosPolesGain {
  if (!Number.isSafeInteger(order) || order < 0)
    throw new InputError('SIGNAL_FILTER', `butter: expected a whole number as order, found ${order}.`);
  const edges = checkEdges(typeof frequencies === 'number' ? [frequencies] : frequencies, band, fs);
  const warped = edges.map((edge) => 4 * Math.tan((Math.PI * edge) / fs));
  const filter = bilinear(inBand(prototype(order), warped, band));
  return output === 'zpk' ? filter : output === 'sos' ? sectionsOf(filter) : polynomialsOf(filter);
}

function checkEdges(edges: readonly number[], band: Band, fs: number): readonly number[] {
  const isPair = band === 'bandpass' || band === 'bandstop';
  const isInRange = edges.every((edge) => edge > 0 && edge < fs / 2);
  if (edges.length !== (isPair ? 2 : 1) || !isInRange || (isPair && edges[0]! >= edges[1]!))
    throw new InputError(
      'SIGNAL_FILTER',
      `butter: expected ${isPair ? 'two rising frequencies' : 'one frequency'} between 0 and ${fs / 2}${fs === 2 ? '' : ' Hz'} for a ${band} filter, found ${edges.join(', ') || 'none'}.`,
    );
  return edges;
}

/** Analogue low-pass with its edge at 1 rad/s: poles evenly on the left half of the unit circle. */
function prototype(order: number): Complex[] {
  return Array.from({ length: order }, (_, k) => {
    const m = 2 * k - order + 1;
    const angle = (Math.PI * m) / (2 * order);
    return { re: -Math.cos(angle), im: m === 0 ? 0 : -Math.sin(angle) };
  });
}

/** The analogue prototype moved to its band. Zeros at infinity are not listed. */
function inBand(poles: readonly Complex[], [low, high]: readonly number[], band: Band): ZerosPolesGain {
  const order = poles.length;
  const zerosAt = (value: Complex, count = order) => Array.from({ length: count }, () => value);
  if (band === 'lowpass')
    return { zeros: [], poles: poles.map((pole) => scale(pole, low!)), gain: low! ** order };
  if (band === 'highpass')
    return { zeros: zerosAt(real(0)), poles: poles.map((pole) => divide(real(low!), pole)), gain: 1 };
  const width = high! - low!;
  const square = low! * high!;
  const halves =
    band === 'bandpass'
      ? poles.map((pole) => scale(pole, width / 2))
      : poles.map((pole) => divide(real(width / 2), pole));
  const pairs = halves.flatMap((half) => {
    const root = squareRoot(subtract(multiply(half, half), real(square)));
    return [add(half, root), subtract(half, root)];
  });
  if (band === 'bandpass') return { zeros: zerosAt(real(0)), poles: pairs, gain: width ** order };
  const centre = Math.sqrt(square);
  return {
    zeros: [...zerosAt({ re: 0, im: centre }), ...zerosAt({ re: 0, im: -centre })],
    poles: pairs,
    gain: 1,
  };
}

/** z = (4 + s) / (4 - s), which takes infinity to -1. */
function bilinear({ zeros, poles, gain }: ZerosPolesGain): ZerosPolesGain {
  const four = real(4);
  const map = (root: Complex) => divide(add(four, root), subtract(four, root));
  const size = (roots: readonly Complex[]) => product(roots.map((root) => subtract(four, root)));
  return {
    zeros: [...zeros.map(map), ...Array.from({ length: poles.length - zeros.length }, () => real(-1))],
    poles: poles.map(map),
    gain: gain * divide(size(zeros), size(poles)).re,
  };
}
