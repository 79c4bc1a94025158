import { type Block, type Component, deposit, samplesWithin } from './block.ts';
import { fillControl } from './control.ts';
import { likeness, SINE, WAVEFORM_POINTS, type Waveform } from './waveform.ts';

/** A part of the head that takes part in a rhythm. */
export interface Generator {
  /** (E), potential for an amplitude of 1 microvolt, root mean square */
  readonly field: Float64Array;
  /** Control track of its amplitude, microvolts root mean square, from the run's start. */
  readonly amplitude: Float64Array;
  /** s, behind the first */
  readonly lagS: number;
}

/** How a rhythm goes, as control tracks from its start. */
export interface RhythmCourse {
  /** Hz */
  readonly frequency: Float64Array;
  /** 0 a sine, 1 wholly the other waveform */
  readonly shape: Float64Array;
  readonly waveform: Waveform;
  readonly generators: readonly Generator[];
}

/** A rhythm with one phase, in several parts of the head. */
export class RhythmicRun implements Component {
  readonly startS: number;
  readonly endS: number;
  readonly #course: RhythmCourse;
  readonly #likeness: number;
  #phase = 0;
  #buffers: Record<'phase' | 'frequency' | 'shape', Float64Array> | null = null;

  constructor(startS: number, durationS: number, course: RhythmCourse, firstPhase = 0) {
    this.startS = startS;
    this.endS = startS + durationS;
    this.#course = course;
    this.#likeness = likeness(SINE, course.waveform);
    this.#phase = firstPhase;
  }

  add(block: Block): void {
    const { from, to } = samplesWithin(block, this);
    if (from >= to) return;
    const { rate, start, length, work } = block;
    this.#buffers ??= {
      phase: new Float64Array(length),
      frequency: new Float64Array(length),
      shape: new Float64Array(length),
    };
    const { phase, frequency, shape } = this.#buffers;
    const offsetS = start / rate - this.startS;
    fillControl(this.#course.frequency, offsetS, rate, from, to, frequency);
    fillControl(this.#course.shape, offsetS, rate, from, to, shape);
    let at = this.#phase;
    for (let t = from; t < to; t++) {
      at += frequency[t]! / rate;
      if (at >= 1) at -= Math.floor(at);
      phase[t] = at;
    }
    this.#phase = at;
    const { waveform } = this.#course;
    const both = 2 * this.#likeness;
    for (const { field, amplitude, lagS } of this.#course.generators) {
      fillControl(amplitude, offsetS, rate, from, to, work);
      for (let t = from; t < to; t++) {
        let behind = phase[t]! - lagS * frequency[t]!;
        behind -= Math.floor(behind);
        const point = (behind * WAVEFORM_POINTS) | 0;
        const other = shape[t]!;
        const sine = 1 - other;
        const power = sine * sine + other * other + both * sine * other;
        work[t]! *= (sine * SINE[point]! + other * waveform[point]!) / Math.sqrt(power);
      }
      deposit(block, field, work, from, to);
    }
  }
}

/** Mean square of a course's potentials at each electrode against a reference `(E)`, over control steps. */
export function coursePower(
  { generators }: Pick<RhythmCourse, 'generators'>,
  fields: readonly Float64Array[],
  steps: number,
): Float64Array {
  const power = new Float64Array(fields[0]!.length);
  for (let step = 0; step < steps; step++) {
    for (let electrode = 0; electrode < power.length; electrode++) {
      let sum = 0;
      for (let each = 0; each < generators.length; each++)
        sum += fields[each]![electrode]! * generators[each]!.amplitude[step]!;
      power[electrode]! += sum ** 2 / steps;
    }
  }
  return power;
}
