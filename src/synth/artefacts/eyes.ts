import { dipolePotential, ELECTRODE_COUNT, unit, type Vector } from '../head.ts';
import { Pulse } from '../pulse.ts';
import {
  type Artefact,
  type ArtefactContext,
  type ArtefactKind,
  artefact,
  occurrences,
  whenAwake,
} from './artefact.ts';

/** Both eyeballs' dipoles, pointing one way: 1 at the electrode where that is strongest. */
function eyeField(moment: Vector): Float64Array {
  const field = new Float64Array(ELECTRODE_COUNT);
  for (const side of [-1, 1]) {
    const [x, y, z] = unit([0.33 * side, 0.9, -0.38]);
    dipolePotential([0.85 * x, 0.85 * y, 0.85 * z], moment).forEach((value, index) => {
      field[index]! += value;
    });
  }
  const largest = field.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return field.map((value) => value / largest);
}

const BLINK = eyeField([0, 0.6, 0.8]);
const LATERAL = eyeField([1, 0, 0]);

/** Blinks: the lids draw the cornea's charge over the forehead. */
export const blinks: ArtefactKind = (draws, context) =>
  occurrences(draws, context, whenAwake(500)).map((startS) => {
    const durationS = draws.between(0.25, 0.45);
    const peakUv = draws.logBetween(50, 180);
    const pulse = new Pulse(startS, durationS, BLINK, (timeS) => {
      // Closing takes a third of the time.
      const share = timeS / durationS;
      const place = share < 0.33 ? share / 0.66 : 0.5 + (share - 0.33) / 1.34;
      return peakUv * Math.sin(Math.PI * place) ** 2;
    });
    return artefact('blink', pulse, context.durationS);
  });

/** Saccades: the eyes turn within 40 ms, and the amplifier forgets it over a second or two. */
export const saccades: ArtefactKind = (draws, context) =>
  occurrences(draws, context, { wake: 350, n1: 40, n2: 0, n3: 0, rem: 500 }).map((startS) => {
    const peakUv = draws.logBetween(15, 70) * (draws.isTrue(0.5) ? 1 : -1);
    const decayS = draws.between(0.4, 1.2);
    const pulse = new Pulse(
      startS,
      4 * decayS,
      LATERAL,
      (timeS) => peakUv * (timeS < 0.04 ? timeS / 0.04 : Math.exp((0.04 - timeS) / decayS)),
    );
    return artefact('saccade', pulse, context.durationS);
  });

/** Slow rolling of the eyes when falling asleep. */
export const rollingEyes: ArtefactKind = (draws, context: ArtefactContext): Artefact[] =>
  occurrences(draws, context, { wake: 0, n1: 60, n2: 0, n3: 0, rem: 0 }).map((startS) => {
    const durationS = draws.between(4, 12);
    const peakUv = draws.logBetween(25, 80);
    const hz = draws.between(0.2, 0.5);
    const pulse = new Pulse(
      startS,
      durationS,
      LATERAL,
      (timeS) => peakUv * Math.sin((Math.PI * timeS) / durationS) * Math.sin(2 * Math.PI * hz * timeS),
    );
    return artefact('rolling-eyes', pulse, context.durationS);
  });
