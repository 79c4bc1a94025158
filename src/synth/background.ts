import { type Block, deposit } from './block.ts';
import { controlTrack, fillControl, rise } from './control.ts';
import type { Draws } from './draws.ts';
import {
  dipolePotential,
  directionOf,
  ELECTRODE_COUNT,
  referenced,
  referenceWeights,
  sourceBelow,
  type Vector,
} from './head.ts';
import { POWER_LAW_STATE, PowerLawFilter, Resonator, whiteNoise } from './noise.ts';
import type { Patient } from './patient.ts';
import { type Stage, type StageSpan, stageTrack } from './stages.ts';

/** Amplitudes of the background's parts in each stage. */
const LEVELS: Readonly<
  Record<'broadband' | 'alpha' | 'mu' | 'beta' | 'theta' | 'slow', Record<Stage, number>>
> = {
  broadband: { wake: 1, n1: 0.95, n2: 1, n3: 1.05, rem: 0.85 },
  alpha: { wake: 1, n1: 0.25, n2: 0.06, n3: 0, rem: 0.15 },
  mu: { wake: 1, n1: 0.3, n2: 0, n3: 0, rem: 0.1 },
  beta: { wake: 1, n1: 0.9, n2: 0.5, n3: 0.3, rem: 0.8 },
  theta: { wake: 0.5, n1: 0.9, n2: 0.7, n3: 0.5, rem: 0.6 },
  slow: { wake: 0, n1: 0.15, n2: 0.8, n3: 2.4, rem: 0.1 },
};

/** A rhythm of the background: filtered noise of one or several sources, with a level that moves. */
interface Rhythm {
  readonly weights: Float64Array;
  readonly resonator: Resonator;
  readonly key: number;
  readonly level: Float64Array;
}

interface RhythmPlace {
  readonly electrodes: readonly string[];
  readonly hz: number;
  readonly bandwidthHz: number;
  readonly level: number;
  readonly track: Float64Array;
}

/**
 * What the brain does when nothing happens: 40 to 80 sources of 1/f noise and the waxing and waning rhythms, mixed to
 * the electrodes by the head's geometry.
 */
export class Background {
  readonly #key: number;
  /** (sources, E) */
  readonly #mixing: readonly Float64Array[];
  readonly #filter: PowerLawFilter;
  readonly #states: readonly Float64Array[];
  readonly #samples: readonly Float64Array[];
  readonly #gain: Float64Array;
  readonly #rhythms: readonly Rhythm[];
  readonly #broadband: Float64Array;

  /**
   * @param gain track of what everything is multiplied by: less than 1 while something suppresses the background
   */
  constructor(
    patient: Patient,
    draws: Draws,
    spans: readonly StageSpan[],
    durationS: number,
    gain: Float64Array,
    blockLength: number,
  ) {
    this.#key = draws.key;
    this.#filter = new PowerLawFilter(patient.rate, patient.exponent, patient.kneeHz);
    this.#mixing = mixingMatrix(patient);
    this.#states = this.#mixing.map(() => new Float64Array(POWER_LAW_STATE));
    // Sources are mixed by fours.
    this.#samples = Array.from({ length: 4 }, () => new Float64Array(blockLength));
    this.#gain = gain;
    this.#broadband = stageTrack(spans, durationS, LEVELS.broadband);
    this.#rhythms = rhythmsOf(patient, draws.part(1), spans, durationS).map((place, index) => ({
      weights: rhythmWeights(place, patient),
      resonator: new Resonator(patient.rate, place.hz, place.bandwidthHz),
      key: draws.part(2, index).key,
      level: place.track,
    }));
  }

  /** Writes the background of a block over whatever its electrodes held. */
  fill(block: Block): void {
    const { electrodes, length, start, rate, work } = block;
    for (const potential of electrodes) potential.fill(0);
    for (let first = 0; first < this.#mixing.length; first += 4) {
      for (let each = 0; each < 4; each++) {
        const samples = this.#samples[each]!;
        if (first + each >= this.#mixing.length) {
          samples.fill(0);
          continue;
        }
        whiteNoise(this.#key + 7919 * (first + each), start, length, samples);
        this.#filter.apply(samples, length, this.#states[first + each]!);
      }
      this.#mix(block, first);
    }
    scale(block, this.#broadband);
    for (const { weights, resonator, key, level } of this.#rhythms) {
      whiteNoise(key, start, length, work);
      resonator.apply(work, length);
      const levels = this.#samples[0]!;
      fillControl(level, start / rate, rate, 0, length, levels);
      for (let t = 0; t < length; t++) work[t]! *= levels[t]!;
      deposit(block, weights, work, 0, length);
    }
    scale(block, this.#gain);
  }

  #mix({ electrodes, length }: Block, first: number): void {
    const [s0, s1, s2, s3] = this.#samples as [Float64Array, Float64Array, Float64Array, Float64Array];
    const none = NO_WEIGHTS;
    const m0 = this.#mixing[first]!;
    const m1 = this.#mixing[first + 1] ?? none;
    const m2 = this.#mixing[first + 2] ?? none;
    const m3 = this.#mixing[first + 3] ?? none;
    for (let electrode = 0; electrode < ELECTRODE_COUNT; electrode++) {
      const [w0, w1, w2, w3] = [m0[electrode]!, m1[electrode]!, m2[electrode]!, m3[electrode]!];
      const potential = electrodes[electrode]!;
      for (let t = 0; t < length; t++) potential[t]! += w0 * s0[t]! + w1 * s1[t]! + w2 * s2[t]! + w3 * s3[t]!;
    }
  }
}

const NO_WEIGHTS = new Float64Array(ELECTRODE_COUNT);

function scale({ electrodes, length, start, rate, work }: Block, track: Float64Array): void {
  fillControl(track, start / rate, rate, 0, length, work);
  for (const potential of electrodes) for (let t = 0; t < length; t++) potential[t]! *= work[t]!;
}

/** Weights `(sources, E)`, such that the mean power against the electrodes' average is the patient's. */
function mixingMatrix({ sources, sourceLevels, gainUv }: Patient): Float64Array[] {
  const average = referenceWeights('ar');
  const potentials = sources.map(({ position, moment }, index) =>
    dipolePotential(position, moment).map((value) => value * sourceLevels[index]!),
  );
  const powers = meanPower(potentials, average);
  return potentials.map((weights) => weights.map((value) => (value * gainUv) / Math.sqrt(powers)));
}

function meanPower(potentials: readonly Float64Array[], reference: Float64Array): number {
  const channels = reference.filter((weight) => weight > 0).length;
  let power = 0;
  for (const weights of potentials)
    referenced(weights, reference).forEach((value, index) => {
      if (reference[index]! > 0) power += value ** 2 / channels;
    });
  return power;
}

/** Potentials of a source below several electrodes at once, at unit amplitude where it is strongest. */
export function fieldBelow(
  electrodes: readonly string[],
  depth = 0.6,
  tilt = 0,
  turn: Vector = [0, 1, 0],
): Float64Array {
  const field = new Float64Array(ELECTRODE_COUNT);
  for (const electrode of electrodes) {
    const { position, moment } = sourceBelow(directionOf(electrode), depth, tilt, turn);
    dipolePotential(position, moment).forEach((value, index) => {
      field[index]! += value;
    });
  }
  const largest = field.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return field.map((value) => value / largest);
}

function rhythmWeights({ electrodes, level }: RhythmPlace, { gainUv }: Patient): Float64Array {
  return fieldBelow(electrodes).map((value) => value * level * gainUv);
}

function rhythmsOf(
  patient: Patient,
  draws: Draws,
  spans: readonly StageSpan[],
  durationS: number,
): RhythmPlace[] {
  const at = (part: keyof typeof LEVELS) => stageTrack(spans, durationS, LEVELS[part]);
  const { alphaHz, alphaLevel, muHz, muLevel, betaHz, betaLevel, thetaHz, slowing } = patient;
  const eyes = waxing(draws.part(0), durationS, [5, 40], 0.12);
  const alpha = multiplied(at('alpha'), eyes);
  const mu = multiplied(at('mu'), waxing(draws.part(1), durationS, [4, 30], 0));
  const beta = multiplied(at('beta'), waxing(draws.part(2), durationS, [5, 60], 0.4));
  const theta = multiplied(at('theta'), waxing(draws.part(3), durationS, [3, 20], 0.2));
  const slow = multiplied(at('slow'), waxing(draws.part(4), durationS, [10, 60], 0.6));
  const places: RhythmPlace[] = [
    { electrodes: ['O1'], hz: alphaHz, bandwidthHz: 1, level: alphaLevel, track: alpha },
    { electrodes: ['O2'], hz: alphaHz, bandwidthHz: 1, level: 0.9 * alphaLevel, track: alpha },
    { electrodes: ['O1', 'O2', 'Pz'], hz: alphaHz, bandwidthHz: 0.8, level: alphaLevel, track: alpha },
    { electrodes: ['C3'], hz: muHz, bandwidthHz: 1.2, level: muLevel, track: mu },
    { electrodes: ['C4'], hz: muHz, bandwidthHz: 1.2, level: muLevel, track: mu },
    { electrodes: ['F3', 'Fz'], hz: betaHz, bandwidthHz: 5, level: betaLevel, track: beta },
    { electrodes: ['F4', 'C4'], hz: betaHz + 1, bandwidthHz: 5, level: betaLevel, track: beta },
    { electrodes: ['Fz', 'Cz'], hz: thetaHz, bandwidthHz: 1.6, level: 0.9, track: theta },
    { electrodes: ['T3'], hz: thetaHz + 0.7, bandwidthHz: 2, level: 0.6, track: theta },
    { electrodes: ['Fz', 'F3', 'F4'], hz: 0.9, bandwidthHz: 0.9, level: 1.5, track: slow },
    { electrodes: ['C3', 'P3'], hz: 1.3, bandwidthHz: 1.2, level: 0.9, track: slow },
    { electrodes: ['C4', 'P4'], hz: 1.3, bandwidthHz: 1.2, level: 0.9, track: slow },
  ];
  if (slowing !== null)
    places.push({
      electrodes: [slowing.electrode],
      hz: slowing.hz,
      bandwidthHz: 1.5,
      level: slowing.level,
      track: waxing(draws.part(5), durationS, [4, 90], 0.2),
    });
  return places;
}

/** Turns on and off: stretches of log-uniform seconds at 1 and at `lowest`, with half-second flanks. */
function waxing(
  draws: Draws,
  durationS: number,
  stretchS: readonly [number, number],
  lowest: number,
): Float64Array {
  let isOn = draws.isTrue(0.5);
  let from = 0;
  let until = draws.logBetween(...stretchS);
  return controlTrack(durationS, (timeS) => {
    while (timeS >= until) {
      from = until;
      until += draws.logBetween(...stretchS);
      isOn = !isOn;
    }
    const share = rise(timeS, from, from + 1);
    const [now, before] = isOn ? [1, lowest] : [lowest, 1];
    return before * (1 - share) + now * share;
  });
}

function multiplied(track: Float64Array, by: Float64Array): Float64Array {
  return track.map((value, index) => value * by[index]!);
}

/**
 * About how much power, in microvolts squared, the background of a stage has at each electrode against a reference
 * `(E)`: what amplitudes of events are set by.
 */
export function backgroundPower(patient: Patient, stage: Stage): Float64Array {
  const reference = referenceWeights(patient.reference);
  const power = new Float64Array(ELECTRODE_COUNT);
  const add = (weights: Float64Array, level: number) =>
    referenced(weights, reference).forEach((value, index) => {
      power[index]! += (value * level) ** 2;
    });
  for (const weights of mixingMatrix(patient)) add(weights, LEVELS.broadband[stage]);
  const always = (part: keyof typeof LEVELS) => LEVELS[part][stage];
  const half = Math.SQRT1_2;
  const field = (electrodes: readonly string[], level: number) =>
    fieldBelow(electrodes).map((value) => value * level * patient.gainUv);
  add(field(['O1', 'O2'], patient.alphaLevel), half * 1.3 * always('alpha'));
  add(field(['C3', 'C4'], patient.muLevel), half * always('mu'));
  add(field(['F3', 'F4'], patient.betaLevel), always('beta'));
  add(field(['Fz', 'Cz'], 0.9), 0.8 * always('theta'));
  add(field(['Fz', 'F3', 'F4'], 1.7), 0.9 * always('slow'));
  if (patient.slowing !== null) add(field([patient.slowing.electrode], patient.slowing.level), half);
  return power;
}
