import { type Block, type Component, deposit, samplesWithin } from './block.ts';
import { fillControl } from './control.ts';
import type { Draws } from './draws.ts';
import { DIRECTIONS, dot, unit, type Vector } from './head.ts';
import { Resonator, whiteNoise } from './noise.ts';

/** Where muscles lie below the skin. */
const SITES: Readonly<Record<Muscle, Vector>> = {
  'left temporalis': [-0.95, 0.3, -0.15],
  'right temporalis': [0.95, 0.3, -0.15],
  frontalis: [0, 0.97, -0.2],
  'left neck': [-0.55, -0.8, -0.3],
  'right neck': [0.55, -0.8, -0.3],
};

export type Muscle = 'left temporalis' | 'right temporalis' | 'frontalis' | 'left neck' | 'right neck';

export const MUSCLES = Object.keys(SITES) as readonly Muscle[];

/** Weights `(E)`: muscles are shallow, so their field falls off within a few centimetres. */
function muscleField(muscle: Muscle): Float64Array {
  const site = unit(SITES[muscle]);
  return Float64Array.from(DIRECTIONS, (electrode) => Math.exp((dot(electrode, site) - 1) / 0.16));
}

/** Electromyogram of some muscles: noise around 45 Hz, 25 Hz to beyond 80 Hz, with an amplitude that moves. */
export class MuscleActivity implements Component {
  readonly startS: number;
  readonly endS: number;
  readonly #amplitude: Float64Array;
  readonly #muscles: readonly { field: Float64Array; key: number; resonator: Resonator }[];
  readonly #levels: Float64Array;
  readonly #gate: ((timeS: number) => number) | null;

  /**
   * @param amplitude control track, microvolts root mean square at the muscle, from the start
   * @param gate what the amplitude is multiplied by, at seconds from the start: of jerks and bites
   */
  constructor(
    startS: number,
    durationS: number,
    muscles: readonly Muscle[],
    amplitude: Float64Array,
    { draws, rate, gate = null }: { draws: Draws; rate: number; gate?: ((timeS: number) => number) | null },
  ) {
    this.startS = startS;
    this.endS = startS + durationS;
    this.#amplitude = amplitude;
    this.#levels = new Float64Array(rate);
    this.#gate = gate;
    this.#muscles = muscles.map((muscle, index) => ({
      field: muscleField(muscle),
      key: draws.part(index).key,
      resonator: new Resonator(rate, 45, 45),
    }));
  }

  add(block: Block): void {
    const { from, to } = samplesWithin(block, this);
    if (from >= to) return;
    const { rate, start, length, work } = block;
    const offsetS = start / rate - this.startS;
    fillControl(this.#amplitude, offsetS, rate, from, to, this.#levels);
    if (this.#gate !== null)
      for (let t = from; t < to; t++) this.#levels[t]! *= this.#gate(offsetS + t / rate);
    for (const { field, key, resonator } of this.#muscles) {
      whiteNoise(key, start, length, work);
      resonator.apply(work, length);
      for (let t = from; t < to; t++) work[t]! *= this.#levels[t]!;
      deposit(block, field, work, from, to);
    }
  }
}
