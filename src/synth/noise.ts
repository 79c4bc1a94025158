/**
 * Noise as a pure function of a key and the sample's number, filtered block by block. Nothing is allocated a sample.
 */

/** Chris Wellons' "lowbias32", as in random/; written out so that the loop has no call. */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** The sum of two uniform numbers in [-1/2, 1/2) has variance 1/6; each is 16 bits of a hash. */
const TO_UNIT_VARIANCE = Math.sqrt(6) / 65536;

/**
 * White noise of unit variance for samples `start` to `start + length - 1`: sums of two uniform numbers, which any
 * filter makes normal. Two rounds of the hash: one would make noises of two keys parts of one sequence.
 */
export function whiteNoise(key: number, start: number, length: number, into: Float64Array): void {
  const second = mix(key ^ 0x5bd1e995);
  for (let t = 0; t < length; t++) {
    const x = mix(mix((start + t) ^ key) + second);
    into[t] = ((x & 0xffff) + (x >>> 16) - 65535) * TO_UNIT_VARIANCE;
  }
}

/** Poles of {@link PowerLawFilter}, Hz: from where the power law begins to the end of the EEG's band. */
const POLES_HZ = [0.25, 1, 4, 16, 64];

/**
 * Turns white noise into noise whose power falls as `1 / f^exponent` above 0.25 Hz and faster above a knee: pairs of
 * a real pole and a zero between it and the next pole, which together have the wanted slope, then one pole. Scaled
 * so that the power from 1 to 70 Hz is 1.
 */
export class PowerLawFilter {
  readonly #coefficients: Float64Array;

  /** @param exponent from 0 to 1.9 */
  constructor(rate: number, exponent: number, kneeHz: number) {
    const ratio = (POLES_HZ[1]! / POLES_HZ[0]!) ** (exponent / 2);
    const at = (hz: number) => Math.exp((-2 * Math.PI * Math.min(hz, 0.45 * rate)) / rate);
    const pairs = POLES_HZ.flatMap((hz) => [at(hz), at(hz * ratio)]);
    const knee = at(kneeHz);
    this.#coefficients = Float64Array.from([...pairs, knee, 1]);
    this.#coefficients[11] = 1 / Math.sqrt(this.#bandPower(rate));
  }

  /** Power between 1 and 70 Hz of filtered white noise of unit variance. */
  #bandPower(rate: number): number {
    const step = 0.25;
    let power = 0;
    for (let hz = 1; hz < Math.min(70, rate / 2); hz += step)
      power += (this.response(hz, rate) * step) / (rate / 2);
    return power;
  }

  /** Power gain at a frequency. */
  response(hz: number, rate: number): number {
    const c = this.#coefficients;
    const cosine = Math.cos((2 * Math.PI * hz) / rate);
    const of = (root: number) => 1 - 2 * root * cosine + root * root;
    let power = (1 - c[10]!) ** 2 / of(c[10]!);
    for (let pair = 0; pair < 10; pair += 2) power *= of(c[pair + 1]!) / of(c[pair]!);
    return power * c[11]! ** 2;
  }

  /** Filters in place; `state` (12) is carried from block to block and begins as zeros. */
  apply(samples: Float64Array, length: number, state: Float64Array): void {
    const c = this.#coefficients;
    const [p0, z0, p1, z1, p2, z2] = [c[0]!, c[1]!, c[2]!, c[3]!, c[4]!, c[5]!];
    const [p3, z3, p4, z4, knee, scale] = [c[6]!, c[7]!, c[8]!, c[9]!, c[10]!, c[11]! * (1 - c[10]!)];
    let [x0, x1, x2, x3] = [state[0]!, state[1]!, state[2]!, state[3]!];
    let [x4, y4, y5] = [state[4]!, state[5]!, state[6]!];
    for (let t = 0; t < length; t++) {
      const input = samples[t]!;
      const a = p0 * x1 + input - z0 * x0;
      x0 = input;
      const b = p1 * x2 + a - z1 * x1;
      x1 = a;
      const d = p2 * x3 + b - z2 * x2;
      x2 = b;
      const e = p3 * x4 + d - z3 * x3;
      x3 = d;
      y4 = p4 * y4 + e - z4 * x4;
      x4 = e;
      y5 = knee * y5 + scale * y4;
      samples[t] = y5;
    }
    state[0] = x0;
    state[1] = x1;
    state[2] = x2;
    state[3] = x3;
    state[4] = x4;
    state[5] = y4;
    state[6] = y5;
  }
}

/** Values that {@link PowerLawFilter.apply} carries. */
export const POWER_LAW_STATE = 7;

/**
 * A rhythm as filtered noise: a resonator of two poles, whose output waxes and wanes over about `1 / bandwidth`
 * seconds, as an alpha rhythm does. Unit variance for white noise of unit variance.
 */
export class Resonator {
  readonly #a1: number;
  readonly #a2: number;
  readonly #scale: number;
  #y1 = 0;
  #y2 = 0;

  constructor(rate: number, hz: number, bandwidthHz: number) {
    const radius = Math.exp((-Math.PI * bandwidthHz) / rate);
    this.#a1 = 2 * radius * Math.cos((2 * Math.PI * hz) / rate);
    this.#a2 = -radius * radius;
    // Variance of an autoregressive process of order 2 (Box and Jenkins 1970, section 3.2.4).
    const variance = (1 - this.#a2) / ((1 + this.#a2) * ((1 - this.#a2) ** 2 - this.#a1 ** 2));
    this.#scale = 1 / Math.sqrt(variance);
  }

  /** Filters in place. */
  apply(samples: Float64Array, length: number): void {
    const [a1, a2, scale] = [this.#a1, this.#a2, this.#scale];
    let [y1, y2] = [this.#y1, this.#y2];
    for (let t = 0; t < length; t++) {
      const y = a1 * y1 + a2 * y2 + samples[t]! * scale;
      y2 = y1;
      y1 = y;
      samples[t] = y;
    }
    this.#y1 = y1;
    this.#y2 = y2;
  }
}
