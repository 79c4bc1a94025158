import { InputError } from '../errors.ts';

/**
 * Changes the rate by `up / down` with a polyphase filter: low-pass by a Kaiser window (beta 5) of
 * 20 max(up, down) + 1 taps, zero outside the signal (scipy.signal.resample_poly).
 *
 * @param signal (n)
 * @returns (ceil(n up / down))
 * @throws InputError `SIGNAL_RATIO` unless both are whole numbers of at least 1
 */
export function resamplePoly(signal: ArrayLike<number>, up: number, down: number): Float64Array {
  const resampler = new PolyphaseResampler(polyphaseFilter(up, down));
  const start = resampler.push(Float64Array.from(signal));
  const end = resampler.end();
  const whole = new Float64Array(start.length + end.length);
  whole.set(start);
  whole.set(end, start.length);
  return whole;
}

/** The low-pass of a ratio of rates, cut into phases: one for every place of an output between two samples. */
export interface PolyphaseFilter {
  /** In lowest terms, as `down`. */
  readonly up: number;
  readonly down: number;
  /** Taps of each phase in the order of the samples that they meet, `width` a phase. */
  readonly taps: Float64Array;
  /** Even. */
  readonly width: number;
  /** Samples before the one at or before an output that meet its filter. */
  readonly reach: number;
}

/** @throws InputError `SIGNAL_RATIO` unless both are whole numbers of at least 1 */
export function polyphaseFilter(up: number, down: number): PolyphaseFilter {
  for (const factor of [up, down])
    if (!Number.isSafeInteger(factor) || factor < 1)
      throw new InputError(
        'SIGNAL_RATIO',
        `resamplePoly: expected up and down as whole numbers of at least 1, found ${up} and ${down}.`,
      );
  const divisor = greatestCommonDivisor(up, down);
  const [lowUp, lowDown] = [up / divisor, down / divisor];
  const larger = Math.max(lowUp, lowDown);
  const half = larger === 1 ? 0 : 10 * larger;
  const reach = Math.floor(half / lowUp);
  const width = 2 * reach + 2;
  const prototype = larger === 1 ? Float64Array.of(1) : lowpass(half, 1 / larger, lowUp);
  const taps = inPhases(prototype, half, lowUp, width, reach);
  return { up: lowUp, down: lowDown, taps, width, reach };
}

/**
 * {@link resamplePoly} of a signal that comes in pieces: however it is cut, the pieces returned by `push` and
 * `end` join to the same samples. It holds as many samples as the filter is long.
 */
export class PolyphaseResampler {
  readonly #filter: PolyphaseFilter;
  /** Samples still needed, then the piece: sample `#first` of the signal stands at 0. */
  #held: Float64Array;
  #first: number;
  #received = 0;
  #made = 0;

  constructor(filter: PolyphaseFilter) {
    this.#filter = filter;
    this.#held = new Float64Array(filter.reach);
    this.#first = -filter.reach;
  }

  /** The samples that are complete with this piece; all of them but those near the end. */
  push(piece: Float64Array): Float64Array {
    const { up, down, reach } = this.#filter;
    if (up === down) return piece.slice();
    const joined = new Float64Array(this.#held.length + piece.length);
    joined.set(this.#held);
    joined.set(piece, this.#held.length);
    this.#held = joined;
    this.#received += piece.length;
    // Output k lies at sample floor(k down / up) and reaches `reach + 1` further.
    const complete = this.#received - reach - 1;
    return this.#make(complete <= 0 ? this.#made : Math.ceil((complete * up) / down));
  }

  /** The rest, with zeros after the end. Nothing may be pushed afterwards. */
  end(): Float64Array {
    const { up, down, reach } = this.#filter;
    if (up === down) return new Float64Array(0);
    const padded = new Float64Array(this.#held.length + reach + 1);
    padded.set(this.#held);
    this.#held = padded;
    return this.#make(Math.ceil((this.#received * up) / down));
  }

  #make(end: number): Float64Array {
    const { up, down, taps, width, reach } = this.#filter;
    const held = this.#held;
    const out = new Float64Array(Math.max(0, end - this.#made));
    let position = ((this.#made * down) % up) | 0;
    let sample = ((this.#made * down - position) / up - reach - this.#first) | 0;
    const samplesEach = Math.floor(down / up) | 0;
    const phasesEach = down % up;
    for (let k = 0; k < out.length; k++) {
      let tap = position * width;
      let at = sample;
      let even = 0;
      let odd = 0;
      for (const last = tap + width; tap < last; tap += 2, at += 2) {
        even += held[at]! * taps[tap]!;
        odd += held[at + 1]! * taps[tap + 1]!;
      }
      out[k] = even + odd;
      position += phasesEach;
      sample += samplesEach;
      if (position >= up) {
        position -= up;
        sample++;
      }
    }
    this.#made += out.length;
    this.#held = held.slice(sample);
    this.#first += sample;
    return out;
  }
}

/** Phase p, place j: what sample `floor - reach + j` is multiplied by in an output p / up after sample `floor`. */
function inPhases(
  filter: Float64Array,
  half: number,
  up: number,
  width: number,
  reach: number,
): Float64Array {
  const taps = new Float64Array(up * width);
  for (let phase = 0; phase < up; phase++)
    for (let place = 0; place < width; place++) {
      const tap = phase + (reach - place) * up + half;
      if (tap >= 0 && tap < filter.length) taps[phase * width + place] = filter[tap]!;
    }
  return taps;
}

/** Windowed sinc of 2 half + 1 taps with unit gain at 0 Hz, times `gain`. `cutoff` in shares of Nyquist's rate. */
function lowpass(half: number, cutoff: number, gain: number): Float64Array {
  const beta = 5;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, index) => {
    const x = index - half;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
    return sinc * besselI0(beta * Math.sqrt(1 - (x / half) ** 2));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  for (let index = 0; index < taps.length; index++) taps[index] = (taps[index]! * gain) / sum;
  return taps;
}

/** Modified Bessel function of the first kind, order 0, by its series (Abramowitz and Stegun 9.6.10). */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
