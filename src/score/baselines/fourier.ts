import { BgbError } from '../../errors.ts';

/**
 * Discrete Fourier transform of one length, a power of two (radix 2, in place; Cooley and Tukey 1965). Twiddle
 * factors and work space are made once and used for every call.
 */
export class Fourier {
  readonly size: number;
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;
  readonly #reversed: Uint32Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;

  /** @throws BgbError `FOURIER_SIZE` unless the size is a power of two, at least 2 */
  constructor(size: number) {
    const bits = Math.log2(size);
    if (!Number.isInteger(bits) || bits < 1) {
      throw new BgbError('FOURIER_SIZE', `Expected a power of two of at least 2, found ${size}.`);
    }
    this.size = size;
    this.#cosine = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sine = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.#reversed = new Uint32Array(size);
    for (let index = 1; index < size; index++) {
      this.#reversed[index] = (this.#reversed[index >> 1]! >> 1) | ((index & 1) << (bits - 1));
    }
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
  }

  /** |X[k]|^2 for k from 0 to size / 2, of a real signal; one shorter than the size is padded with zeros. */
  powers(signal: ArrayLike<number>): Float64Array {
    const [real, imaginary] = [this.#real, this.#imaginary];
    for (let index = 0; index < this.size; index++) {
      real[this.#reversed[index]!] = index < signal.length ? signal[index]! : 0;
    }
    imaginary.fill(0);
    for (let half = 1; half < this.size; half *= 2) this.#combine(half);
    return Float64Array.from({ length: this.size / 2 + 1 }, (_, k) => real[k]! ** 2 + imaginary[k]! ** 2);
  }

  /** Joins transforms of length `half` to transforms of twice that length. */
  #combine(half: number): void {
    const [real, imaginary] = [this.#real, this.#imaginary];
    const step = this.size / (2 * half);
    for (let block = 0; block < this.size; block += 2 * half) {
      for (let offset = 0; offset < half; offset++) {
        const cosine = this.#cosine[offset * step]!;
        const sine = this.#sine[offset * step]!;
        const even = block + offset;
        const odd = even + half;
        const oddReal = real[odd]! * cosine - imaginary[odd]! * sine;
        const oddImaginary = real[odd]! * sine + imaginary[odd]! * cosine;
        real[odd] = real[even]! - oddReal;
        imaginary[odd] = imaginary[even]! - oddImaginary;
        real[even]! += oddReal;
        imaginary[even]! += oddImaginary;
      }
    }
  }
}
