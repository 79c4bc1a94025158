import { backgroundPower } from './background.ts';
import type { Draws } from './draws.ts';
import {
  dipolePotential,
  directionOf,
  referenced,
  referenceWeights,
  SCALP,
  sourceBelow,
  unit,
  type Vector,
} from './head.ts';
import type { Patient } from './patient.ts';
import type { Stage } from './stages.ts';

/** What an event is planned by: whose it is, and what it stands out from. */
export interface EventContext {
  readonly patient: Patient;
  readonly stage: Stage;
  /** (E), microvolts squared, of the background against the recording's reference */
  readonly background: Float64Array;
  readonly reference: Float64Array;
}

/** What an event has to know of the patient in a stage of sleep. */
export function eventContext(patient: Patient, stage: Stage): EventContext {
  return {
    patient,
    stage,
    background: backgroundPower(patient, stage),
    reference: referenceWeights(patient.reference),
  };
}

/** Field `(E)` of a patch of cortex near an electrode: 1 where it is strongest. */
export function patchField(electrode: string, draws: Draws): Float64Array {
  const [x, y, z] = directionOf(electrode);
  const at: Vector = unit([x + 0.12 * draws.normal(), y + 0.12 * draws.normal(), z + 0.12 * draws.normal()]);
  const turn = unit([draws.normal(), draws.normal(), draws.normal()]);
  const { position, moment } = sourceBelow(at, draws.between(0.55, 0.68), draws.between(0, 0.45), turn);
  const field = dipolePotential(position, moment);
  const largest = field.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return field.map((value) => value / largest);
}

/**
 * Amplitude in microvolts of an event for it to be so strong that the root mean square over time, mean over the
 * scalp's channels, becomes `ratio` times the background's.
 *
 * @param power (E), of the event at an amplitude of 1, against the reference
 * @param backgroundDuring what the background is multiplied by; below `ratio`
 */
export function amplitudeFor(
  ratio: number,
  power: Float64Array,
  backgroundDuring: number,
  { background }: Pick<EventContext, 'background'>,
): number {
  const level = (amplitude: number, share: number) => {
    let sum = 0;
    for (let channel = 0; channel < SCALP.length; channel++)
      sum += Math.sqrt(share ** 2 * background[channel]! + amplitude ** 2 * power[channel]!);
    return sum;
  };
  const wanted = ratio * level(0, 1);
  let [low, high] = [0, 1];
  while (level(high, backgroundDuring) < wanted && high < 1e6) high *= 2;
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (level(middle, backgroundDuring) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How many times louder than the background an event makes it, on average over the scalp's channels. */
export function ratioOf(
  power: Float64Array,
  backgroundDuring: number,
  { background }: Pick<EventContext, 'background'>,
): number {
  let [sum, alone] = [0, 0];
  for (let channel = 0; channel < SCALP.length; channel++) {
    sum += Math.sqrt(backgroundDuring ** 2 * background[channel]! + power[channel]!);
    alone += Math.sqrt(background[channel]!);
  }
  return sum / alone;
}

/** Fields (E) of generators as the recording has them: against its reference. */
export function referencedFields(
  generators: readonly { readonly field: Float64Array }[],
  { reference }: Pick<EventContext, 'reference'>,
): Float64Array[] {
  return generators.map(({ field }) => referenced(field, reference));
}
