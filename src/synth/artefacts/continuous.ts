import type { Block } from '../block.ts';
import type { Draws } from '../draws.ts';
import { DIRECTIONS, dot, ELECTRODE_COUNT, unit } from '../head.ts';
import { whiteNoise } from '../noise.ts';
import type { Patient } from '../patient.ts';

/** Noise and drift of each electrode and amplifier, its offset, and the mains: what never stops. */
export class Electronics {
  readonly #noiseUv: Float64Array;
  readonly #keys: readonly number[];
  readonly #offsets: Float64Array;
  readonly #driftUv: Float64Array;
  readonly #driftHz: Float64Array;
  readonly #mains: readonly Float64Array[];
  readonly #hz: number;
  readonly #rate: number;
  readonly #wave: readonly Float64Array[];
  #phase: number;
  #drift = 0;
  readonly #draws: Draws;

  constructor({ rate, electrodeNoiseUv, hasOffsets, mainsHz, mainsUv }: Patient, draws: Draws) {
    const each = (value: () => number) => Float64Array.from({ length: ELECTRODE_COUNT }, value);
    this.#rate = rate;
    this.#draws = draws;
    this.#keys = Array.from({ length: ELECTRODE_COUNT }, (_, electrode) => draws.part(electrode).key);
    this.#noiseUv = each(() => electrodeNoiseUv * draws.logBetween(0.6, 1.7));
    this.#offsets = each(() => (hasOffsets ? draws.between(-3000, 3000) : draws.between(-40, 40)));
    this.#driftUv = each(() => draws.logBetween(2, 40));
    this.#driftHz = each(() => draws.logBetween(0.003, 0.05));
    this.#hz = mainsHz;
    // What couples in differs by electrode in amplitude and sign; harmonics are weaker.
    this.#mains = [1, 0.15, 0.25].map((share) => each(() => share * mainsUv * draws.normal() * 0.7));
    this.#wave = this.#mains.map(() => new Float64Array(rate));
    this.#phase = draws.uniform();
  }

  add({ electrodes, start, length, work }: Block): void {
    const rate = this.#rate;
    // The mains wander by some hundredths of a hertz, anew each second.
    this.#drift = 0.95 * this.#drift + 0.012 * this.#draws.part(ELECTRODE_COUNT + 1, start).normal();
    const step = (this.#hz + this.#drift) / rate;
    const highest = Math.floor(rate / 2 / this.#hz - 0.01);
    const harmonics = Math.min(3, highest);
    for (let t = 0; t < length; t++) {
      this.#phase += step;
      if (this.#phase >= 1) this.#phase -= 1;
      for (let harmonic = 0; harmonic < harmonics; harmonic++)
        this.#wave[harmonic]![t] = Math.sin(2 * Math.PI * (harmonic + 1) * this.#phase);
    }
    const timeS = start / rate;
    for (let electrode = 0; electrode < ELECTRODE_COUNT; electrode++) {
      const potential = electrodes[electrode]!;
      whiteNoise(this.#keys[electrode]!, start, length, work);
      const noise = this.#noiseUv[electrode]!;
      const omega = 2 * Math.PI * this.#driftHz[electrode]!;
      const drift = (at: number) => this.#driftUv[electrode]! * Math.sin(omega * at + electrode);
      const level = this.#offsets[electrode]! + drift(timeS);
      const slope = (drift(timeS + length / rate) - drift(timeS)) / length;
      for (let t = 0; t < length; t++) potential[t]! += noise * work[t]! + level + slope * t;
      for (let harmonic = 0; harmonic < harmonics; harmonic++) {
        const weight = this.#mains[harmonic]![electrode]!;
        const wave = this.#wave[harmonic]!;
        for (let t = 0; t < length; t++) potential[t]! += weight * wave[t]!;
      }
    }
  }
}

/** s from the R wave, height, width in s: the P, Q, R, S and T waves, as sums of bells (McSharry and others 2003). */
const WAVES = [
  [-0.17, 0.12, 0.03],
  [-0.03, -0.12, 0.01],
  [0, 1, 0.011],
  [0.03, -0.22, 0.012],
  [0.26, 0.28, 0.05],
] as const;

const HEART_UV = 900;

/** The heart: in its own channel, and a little in every electrode, most from one ear to the other. */
export class Heart {
  readonly #draws: Draws;
  readonly #meanS: number;
  readonly #field: Float64Array;
  readonly #beats: number[] = [];
  #drawn = 0;

  constructor({ heartHz }: Patient, draws: Draws) {
    this.#draws = draws;
    this.#meanS = 1 / heartHz;
    const axis = unit([0.8, 0.2, -0.5]);
    const level = draws.logBetween(0.001, 0.02);
    this.#field = Float64Array.from(DIRECTIONS, (electrode) => level * dot(electrode, axis));
  }

  /** Writes the block's electrocardiogram, microvolts, and adds its share to the electrodes. */
  add({ electrodes, start, length, rate }: Block, into: Float64Array): void {
    const [fromS, toS] = [start / rate, (start + length) / rate];
    while ((this.#beats.at(-1) ?? -1) < toS + 0.5) this.#nextBeat();
    while (this.#beats[0]! < fromS - 0.6) this.#beats.shift();
    into.fill(0);
    for (const beat of this.#beats)
      for (const [afterS, height, width] of WAVES) {
        const at = (beat + afterS) * rate - start;
        const reach = 4 * width * rate;
        const scale = 1 / (width * rate);
        const last = Math.min(length - 1, at + reach);
        for (let t = Math.max(0, Math.ceil(at - reach)); t <= last; t++)
          into[t]! += HEART_UV * height * Math.exp(-0.5 * ((t - at) * scale) ** 2);
      }
    for (let electrode = 0; electrode < ELECTRODE_COUNT; electrode++) {
      const potential = electrodes[electrode]!;
      const weight = this.#field[electrode]!;
      for (let t = 0; t < length; t++) potential[t]! += weight * into[t]!;
    }
  }

  #nextBeat(): void {
    const last = this.#beats.at(-1) ?? -1;
    // Breathing makes the heart faster and slower.
    const breathing = 0.04 * Math.sin(2 * Math.PI * 0.25 * last);
    const chance = 0.03 * this.#draws.part(this.#drawn++).normal();
    this.#beats.push(last + this.#meanS * (1 + breathing + Math.max(-0.1, Math.min(0.1, chance))));
  }
}
