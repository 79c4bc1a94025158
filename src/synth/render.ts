import { Electronics, Heart } from './artefacts/index.ts';
import { Background } from './background.ts';
import { type Block, type Component, makeBlock } from './block.ts';
import { ELECTRODE_COUNT, ELECTRODES, referenceWeights, SCALP } from './head.ts';
import type { RecordingPlan } from './recording-plan.ts';

/** Microvolts at the largest digital value; amplifiers hit their rail there. */
export const RAIL_UV = 5000;
export const LARGEST_DIGITAL = 32767;

/** Names of the signals of a recording, without type and reference: scalp, ears where recorded, heart. */
export function recordedChannels(reference: 'ar' | 'le' | 'ar_a'): readonly string[] {
  return [...SCALP, ...(reference === 'ar_a' ? [] : ['A1', 'A2']), 'EKG1'];
}

/** Makes a recording one second after the other. Holds one second and what events carry from one to the next. */
export class Renderer {
  readonly #block: Block;
  readonly #background: Background;
  readonly #electronics: Electronics;
  readonly #heart: Heart;
  readonly #timelines: readonly Timeline[];
  readonly #replacing: Timeline;
  readonly #reference: Float64Array;
  readonly #recorded: readonly number[];
  readonly #heartbeat: Float64Array;
  readonly #mean: Float64Array;

  constructor(plan: RecordingPlan) {
    const { outline, draws, spans, events, artefacts, sleepWaves, backgroundGain } = plan;
    const { patient, durationS } = outline;
    const { rate } = patient;
    this.#block = makeBlock(rate, rate);
    this.#background = new Background(patient, draws.part(10), spans, durationS, backgroundGain, rate);
    this.#electronics = new Electronics(patient, draws.part(11));
    this.#heart = new Heart(patient, draws.part(12));
    this.#timelines = [
      new Timeline(sleepWaves.map(({ component }) => component)),
      new Timeline(events.flatMap(({ plan, startS }) => plan.build(startS))),
      new Timeline(artefacts.added.map(({ component }) => component)),
    ];
    this.#replacing = new Timeline(artefacts.replacing.map(({ component }) => component));
    this.#reference = referenceWeights(patient.reference);
    this.#recorded = recordedChannels(patient.reference).flatMap((name) => {
      const electrode = ELECTRODES.indexOf(name);
      return electrode < 0 ? [] : [electrode];
    });
    this.#heartbeat = new Float64Array(rate);
    this.#mean = new Float64Array(rate);
  }

  /** Samples of one second: (signals, rate), digital. Seconds are asked for in order. */
  fill(second: number, samples: Int16Array): void {
    const block = this.#block;
    const { length, electrodes } = block;
    block.start = second * length;
    this.#background.fill(block);
    for (const timeline of this.#timelines) timeline.add(block);
    this.#heart.add(block, this.#heartbeat);
    this.#electronics.add(block);
    this.#replacing.add(block);
    const mean = this.#mean.fill(0);
    for (let electrode = 0; electrode < ELECTRODE_COUNT; electrode++) {
      const weight = this.#reference[electrode]!;
      if (weight === 0) continue;
      const potential = electrodes[electrode]!;
      for (let t = 0; t < length; t++) mean[t]! += weight * potential[t]!;
    }
    let at = 0;
    for (const electrode of this.#recorded) {
      const potential = electrodes[electrode]!;
      for (let t = 0; t < length; t++) samples[at++] = digital(potential[t]! - mean[t]!);
    }
    for (let t = 0; t < length; t++) samples[at++] = digital(this.#heartbeat[t]!);
  }
}

function digital(microvolts: number): number {
  const value = Math.round((microvolts * LARGEST_DIGITAL) / RAIL_UV);
  return value > LARGEST_DIGITAL ? LARGEST_DIGITAL : value < -LARGEST_DIGITAL ? -LARGEST_DIGITAL : value;
}

/** Components in time: each block meets only those that it touches. */
class Timeline {
  readonly #waiting: readonly Component[];
  #next = 0;
  #active: Component[] = [];

  constructor(components: readonly Component[]) {
    this.#waiting = components.toSorted((a, b) => a.startS - b.startS);
  }

  add(block: Block): void {
    const endS = (block.start + block.length) / block.rate;
    while (this.#next < this.#waiting.length && this.#waiting[this.#next]!.startS < endS)
      this.#active.push(this.#waiting[this.#next++]!);
    if (this.#active.length === 0) return;
    for (const component of this.#active) component.add(block);
    this.#active = this.#active.filter((component) => component.endS > endS);
  }
}
