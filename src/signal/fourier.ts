/**
 * The discrete Fourier transform of complex sequences of any length: Stockham's self-sorting mixed radices for
 * lengths of small prime factors (Van Loan, Computational Frameworks for the FFT, 1992, section 1.7), Bluestein's
 * chirp convolution for the others (IEEE Trans. Audio Electroacoustics 18, 1970).
 */
export interface FourierTransform {
  readonly length: number;
  /** X[k] = sum of x[n] exp(-2 pi i k n / length), in place. */
  forward(real: Float64Array, imaginary: Float64Array): void;
}

/** Above this a prime factor costs more by its own matrix than by a chirp. */
const LARGEST_RADIX = 31;

/** @throws RangeError for a length that is no whole number above 0 */
export function fourierTransform(length: number): FourierTransform {
  if (!Number.isSafeInteger(length) || length < 1) throw new RangeError(`no transform has length ${length}`);
  const radices = smallFactors(length);
  return radices === null ? new ChirpTransform(length) : new MixedRadixTransform(length, radices);
}

/** x[n] = 1 / length sum of X[k] exp(2 pi i k n / length), in place: the forward one with the parts exchanged. */
export function inverseTransform(
  transform: FourierTransform,
  real: Float64Array,
  imaginary: Float64Array,
): void {
  transform.forward(imaginary, real);
  const share = 1 / transform.length;
  for (let i = 0; i < real.length; i++) {
    real[i]! *= share;
    imaginary[i]! *= share;
  }
}

/** Factors 4, 2 and odd primes up to {@link LARGEST_RADIX}; null where a larger prime remains. */
function smallFactors(length: number): number[] | null {
  const factors: number[] = [];
  let rest = length;
  for (const radix of [4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, LARGEST_RADIX]) {
    while (rest % radix === 0) {
      factors.push(radix);
      rest /= radix;
    }
  }
  return rest === 1 ? factors : null;
}

class MixedRadixTransform implements FourierTransform {
  readonly length: number;
  readonly #radices: readonly number[];
  /** exp(-2 pi i k / length), k < length */
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;
  readonly #otherReal: Float64Array;
  readonly #otherImaginary: Float64Array;

  constructor(length: number, radices: readonly number[]) {
    this.length = length;
    this.#radices = radices;
    this.#cosine = new Float64Array(length);
    this.#sine = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      this.#cosine[k] = Math.cos((2 * Math.PI * k) / length);
      this.#sine[k] = -Math.sin((2 * Math.PI * k) / length);
    }
    this.#otherReal = new Float64Array(length);
    this.#otherImaginary = new Float64Array(length);
  }

  forward(real: Float64Array, imaginary: Float64Array): void {
    let from: Planes = [real, imaginary];
    let to: Planes = [this.#otherReal, this.#otherImaginary];
    let stride = 1;
    for (const radix of this.#radices) {
      if (radix === 2) this.#radix2(from, to, stride);
      else if (radix === 4) this.#radix4(from, to, stride);
      else this.#radix(radix, from, to, stride);
      [from, to] = [to, from];
      stride *= radix;
    }
    if (from[0] !== real) {
      real.set(from[0]);
      imaginary.set(from[1]);
    }
  }

  #radix2([xr, xi]: Planes, [yr, yi]: Planes, stride: number): void {
    const half = this.length >> 1;
    for (let p = 0; p < half / stride; p++) {
      const wr = this.#cosine[p * stride]!;
      const wi = this.#sine[p * stride]!;
      for (let q = 0; q < stride; q++) {
        const a = q + stride * p;
        const b = a + half;
        const out = q + 2 * stride * p;
        const dr = xr[a]! - xr[b]!;
        const di = xi[a]! - xi[b]!;
        yr[out] = xr[a]! + xr[b]!;
        yi[out] = xi[a]! + xi[b]!;
        yr[out + stride] = dr * wr - di * wi;
        yi[out + stride] = dr * wi + di * wr;
      }
    }
  }

  #radix4([xr, xi]: Planes, [yr, yi]: Planes, stride: number): void {
    const quarter = this.length >> 2;
    for (let p = 0; p < quarter / stride; p++) {
      const w1r = this.#cosine[p * stride]!;
      const w1i = this.#sine[p * stride]!;
      const w2r = this.#cosine[2 * p * stride]!;
      const w2i = this.#sine[2 * p * stride]!;
      const w3r = this.#cosine[3 * p * stride]!;
      const w3i = this.#sine[3 * p * stride]!;
      for (let q = 0; q < stride; q++) {
        const a = q + stride * p;
        const out = q + 4 * stride * p;
        const evenSumR = xr[a]! + xr[a + 2 * quarter]!;
        const evenSumI = xi[a]! + xi[a + 2 * quarter]!;
        const evenDifferenceR = xr[a]! - xr[a + 2 * quarter]!;
        const evenDifferenceI = xi[a]! - xi[a + 2 * quarter]!;
        const oddSumR = xr[a + quarter]! + xr[a + 3 * quarter]!;
        const oddSumI = xi[a + quarter]! + xi[a + 3 * quarter]!;
        const oddDifferenceR = xr[a + quarter]! - xr[a + 3 * quarter]!;
        const oddDifferenceI = xi[a + quarter]! - xi[a + 3 * quarter]!;
        yr[out] = evenSumR + oddSumR;
        yi[out] = evenSumI + oddSumI;
        const b1r = evenDifferenceR + oddDifferenceI;
        const b1i = evenDifferenceI - oddDifferenceR;
        yr[out + stride] = b1r * w1r - b1i * w1i;
        yi[out + stride] = b1r * w1i + b1i * w1r;
        const b2r = evenSumR - oddSumR;
        const b2i = evenSumI - oddSumI;
        yr[out + 2 * stride] = b2r * w2r - b2i * w2i;
        yi[out + 2 * stride] = b2r * w2i + b2i * w2r;
        const b3r = evenDifferenceR - oddDifferenceI;
        const b3i = evenDifferenceI + oddDifferenceR;
        yr[out + 3 * stride] = b3r * w3r - b3i * w3i;
        yi[out + 3 * stride] = b3r * w3i + b3i * w3r;
      }
    }
  }

  #radix(radix: number, [xr, xi]: Planes, [yr, yi]: Planes, stride: number): void {
    const { length } = this;
    const step = length / radix;
    for (let p = 0; p < step / stride; p++) {
      for (let j = 0; j < radix; j++) {
        const wr = this.#cosine[j * p * stride]!;
        const wi = this.#sine[j * p * stride]!;
        for (let q = 0; q < stride; q++) {
          const a = q + stride * p;
          let sumR = xr[a]!;
          let sumI = xi[a]!;
          for (let k = 1, turn = j * step; k < radix; k++) {
            const cosine = this.#cosine[turn]!;
            const sine = this.#sine[turn]!;
            const r = xr[a + k * step]!;
            const i = xi[a + k * step]!;
            sumR += r * cosine - i * sine;
            sumI += r * sine + i * cosine;
            turn += j * step;
            if (turn >= length) turn -= length;
          }
          const out = q + stride * (radix * p + j);
          yr[out] = sumR * wr - sumI * wi;
          yi[out] = sumR * wi + sumI * wr;
        }
      }
    }
  }
}

type Planes = readonly [real: Float64Array, imaginary: Float64Array];

/** k n = (k^2 + n^2 - (k - n)^2) / 2 makes the transform a convolution, done with a power of two. */
class ChirpTransform implements FourierTransform {
  readonly length: number;
  readonly #inner: FourierTransform;
  /** exp(-i pi k^2 / length), k < length */
  readonly #chirpReal: Float64Array;
  readonly #chirpImaginary: Float64Array;
  /** Transform of the conjugate chirp, wrapped around. */
  readonly #kernelReal: Float64Array;
  readonly #kernelImaginary: Float64Array;

  constructor(length: number) {
    this.length = length;
    const size = 2 ** Math.ceil(Math.log2(2 * length - 1));
    this.#inner = fourierTransform(size);
    this.#chirpReal = new Float64Array(length);
    this.#chirpImaginary = new Float64Array(length);
    this.#kernelReal = new Float64Array(size);
    this.#kernelImaginary = new Float64Array(size);
    // k^2 modulo 2 length, by differences: the square itself would leave the exact integers.
    for (let k = 0, square = 0; k < length; k++) {
      const angle = (Math.PI * square) / length;
      this.#chirpReal[k] = Math.cos(angle);
      this.#chirpImaginary[k] = -Math.sin(angle);
      for (const place of k === 0 ? [0] : [k, size - k]) {
        this.#kernelReal[place] = Math.cos(angle);
        this.#kernelImaginary[place] = Math.sin(angle);
      }
      square = (square + 2 * k + 1) % (2 * length);
    }
    this.#inner.forward(this.#kernelReal, this.#kernelImaginary);
  }

  forward(real: Float64Array, imaginary: Float64Array): void {
    const { length } = this;
    const size = this.#inner.length;
    const r = new Float64Array(size);
    const i = new Float64Array(size);
    multiply(real, imaginary, this.#chirpReal, this.#chirpImaginary, r, i, length);
    this.#inner.forward(r, i);
    multiply(r, i, this.#kernelReal, this.#kernelImaginary, r, i, size);
    inverseTransform(this.#inner, r, i);
    multiply(r, i, this.#chirpReal, this.#chirpImaginary, real, imaginary, length);
  }
}

/** out = a b, the first `count` places; out may be a. */
function multiply(
  ar: Float64Array,
  ai: Float64Array,
  br: Float64Array,
  bi: Float64Array,
  outR: Float64Array,
  outI: Float64Array,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    const real = ar[k]! * br[k]! - ai[k]! * bi[k]!;
    outI[k] = ar[k]! * bi[k]! + ai[k]! * br[k]!;
    outR[k] = real;
  }
}
