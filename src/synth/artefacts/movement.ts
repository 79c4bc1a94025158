import { type Block, type Component, deposit, samplesWithin } from '../block.ts';
import { controlTrack, fillControl, rise } from '../control.ts';
import type { Draws } from '../draws.ts';
import { ELECTRODES } from '../head.ts';
import { Resonator, whiteNoise } from '../noise.ts';
import { type ArtefactKind, artefact, occurrences } from './artefact.ts';

/** Noise of some electrodes' own, as when leads move: up to three independent sways. */
export class Sway implements Component {
  readonly startS: number;
  readonly endS: number;
  readonly #amplitude: Float64Array;
  readonly #levels: Float64Array;
  readonly #parts: readonly { field: Float64Array; key: number; resonator: Resonator }[];

  constructor(
    startS: number,
    durationS: number,
    amplitude: Float64Array,
    fields: readonly Float64Array[],
    { draws, rate, hz, bandwidthHz }: { draws: Draws; rate: number; hz: number; bandwidthHz: number },
  ) {
    this.startS = startS;
    this.endS = startS + durationS;
    this.#amplitude = amplitude;
    this.#levels = new Float64Array(rate);
    this.#parts = fields.map((field, index) => ({
      field,
      key: draws.part(index).key,
      resonator: new Resonator(rate, hz, bandwidthHz),
    }));
  }

  add(block: Block): void {
    const { from, to } = samplesWithin(block, this);
    if (from >= to) return;
    const { rate, start, length, work } = block;
    fillControl(this.#amplitude, start / rate - this.startS, rate, from, to, this.#levels);
    for (const { field, key, resonator } of this.#parts) {
      whiteNoise(key, start, length, work);
      resonator.apply(work, length);
      for (let t = from; t < to; t++) work[t]! *= this.#levels[t]!;
      deposit(block, field, work, from, to);
    }
  }
}

/** Movement of the head or the leads: seconds of large slow waves that differ from electrode to electrode. */
export const movement: ArtefactKind = (draws, context) =>
  occurrences(draws, context, { wake: 14, n1: 4, n2: 1.5, n3: 0.7, rem: 1.5 }).map((startS, index) => {
    const durationS = draws.logBetween(1, 10);
    const peakUv = draws.logBetween(40, 500);
    const fields = [0, 1, 2].map(() => Float64Array.from(ELECTRODES, () => 0.6 * draws.normal()));
    const amplitude = controlTrack(
      durationS,
      (timeS) => peakUv * rise(timeS, 0, 0.4 * durationS) * (1 - rise(timeS, 0.6 * durationS, durationS)),
    );
    const sway = new Sway(startS, durationS, amplitude, fields, {
      draws: draws.part(1, index),
      rate: context.patient.rate,
      hz: draws.between(0.7, 3),
      bandwidthHz: 1.5,
    });
    return artefact('movement', sway, context.durationS, { peak_uv: Math.round(peakUv) });
  });

/** Sweat: minutes of very slow waves, most at the front. */
export const sweat: ArtefactKind = (draws, context) =>
  occurrences(draws, context, { wake: 0.7, n1: 0.7, n2: 0.7, n3: 0.7, rem: 0.7 }).map((startS, index) => {
    const durationS = draws.logBetween(60, 900);
    const peakUv = draws.logBetween(30, 200);
    const fields = [0, 1, 2].map(() =>
      Float64Array.from(ELECTRODES, (name) => draws.normal() * (/^F/.test(name) ? 0.6 : 0.25)),
    );
    const amplitude = controlTrack(
      durationS,
      (timeS) => peakUv * rise(timeS, 0, 20) * (1 - rise(timeS, durationS - 20, durationS)),
    );
    const sway = new Sway(startS, durationS, amplitude, fields, {
      draws: draws.part(1, index),
      rate: context.patient.rate,
      hz: draws.between(0.15, 0.4),
      bandwidthHz: 0.15,
    });
    return artefact('sweat', sway, context.durationS, { peak_uv: Math.round(peakUv) });
  });
