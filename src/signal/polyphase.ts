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
  const resampler = new PolyphaseResampler(up, down);
  const start = resampler.push(Float64Array.from(signal));
  const end = resampler.end();
  const whole = new Float64Array(start.length + end.length);
  whole.set(start);
  whole.set(end, start.length);
  return whole;
}

/**
 * {@link resamplePoly} of a signal that comes in pieces: however it is cut, the pieces returned by `push` and
 * `end` join to the same samples. It holds as many samples as the filter is long.
 */
export class PolyphaseResampler {
  readonly #up: number;
  readonly #down: number;
  /** Taps of each phase in the order of the samples that they meet, `#width` a phase. */
  readonly #taps: Float64Array;
  readonly #width: number;
  /** Samples before the one at or before an output that meet its filter. */
  readonly #reach: number;
  /** Samples still needed, then the piece: sample `#first` of the signal stands at 0. */
  #held: Float64Array;
  #first: number;
  #received = 0;
  #made = 0;

  /** @throws InputError `SIGNAL_RATIO` unless both are whole numbers of at least 1 */
  constructor(up: number, down: number) {
    for (const factor of [up, down])
      if (!Number.isSafeInteger(factor) || factor < 1)
        throw new InputError(
          'SIGNAL_RATIO',
          `resamplePoly: expected up and down as whole numbers of at least 1, found ${up} and ${down}.`,
        );
    const divisor = greatestCommonDivisor(up, down);
    this.#up = up / divisor;
    this.#down = down / divisor;
    const isCopy = this.#up === this.#down;
    const half = isCopy ? 0 : 10 * Math.max(this.#up, this.#down);
    const filter = isCopy ? Float64Array.of(1) : lowpass(half, 1 / Math.max(this.#up, this.#down), this.#up);
    this.#reach = Math.floor(half / this.#up);
    this.#width = 2 * this.#reach + 2;
    this.#taps = inPhases(filter, half, this.#up, this.#width, this.#reach);
    this.#held = new Float64Array(this.#reach);
    this.#first = -this.#reach;
  }

  /** The samples that are complete with this piece; all of them but those near the end. */
  push(piece: Float64Array): Float64Array {
    if (this.#up === this.#down) return piece.slice();
    const joined = new Float64Array(this.#held.length + piece.length);
    joined.set(this.#held);
    joined.set(piece, this.#held.length);
    this.#held = joined;
    this.#received += piece.length;
    // Output k lies at sample floor(k down / up) and reaches `reach + 1` further.
    const complete = this.#received - this.#reach - 1;
    return this.#make(complete <= 0 ? this.#made : Math.ceil((complete * this.#up) / this.#down));
  }

  /** The rest, with zeros after the end. Nothing may be pushed afterwards. */
  end(): Float64Array {
    if (this.#up === this.#down) return new Float64Array(0);
    const padded = new Float64Array(this.#held.length + this.#reach + 1);
    padded.set(this.#held);
    this.#held = padded;
    return this.#make(Math.ceil((this.#received * this.#up) / this.#down));
  }

  #make(end: number): Float64Array {
    const up = this.#up;
    const width = this.#width;
    const taps = this.#taps;
    const held = this.#held;
    const out = new Float64Array(Math.max(0, end - this.#made));
    let position = (this.#made * this.#down) % up;
    let sample = (this.#made * this.#down - position) / up - this.#reach - this.#first;
    const samplesEach = Math.floor(this.#down / up);
    const phasesEach = this.#down % up;
    for (let k = 0; k < out.length; k++) {
      let tap = position * width;
      let at = sample;
      let even = 0;
      let odd = 0;
      // The width is even.
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
  return taps.map((tap) => (tap * gain) / sum);
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
