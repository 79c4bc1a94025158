import { type Block, type Component, samplesWithin } from '../block.ts';
import type { Draws } from '../draws.ts';
import { ELECTRODE_COUNT, ELECTRODES, SCALP } from '../head.ts';
import { whiteNoise } from '../noise.ts';
import { Pulse } from '../pulse.ts';
import { type ArtefactKind, artefact, occurrences } from './artefact.ts';

const always = (perHour: number) => ({
  wake: perHour,
  n1: perHour,
  n2: perHour,
  n3: perHour,
  rem: perHour,
});

function only(electrode: number): Float64Array {
  const field = new Float64Array(ELECTRODE_COUNT);
  field[electrode] = 1;
  return field;
}

/** Mostly the recording's one bad electrode, else any; a reference electrode too. */
function drawElectrode(draws: Draws, bad: number): number {
  return draws.isTrue(0.6) ? bad : draws.below(ELECTRODE_COUNT);
}

/** Pops: an electrode's contact jumps, and settles again. */
export const pops: ArtefactKind = (draws, context) => {
  const bad = draws.below(ELECTRODE_COUNT);
  return occurrences(draws, context, always(14)).map((startS) => {
    const electrode = drawElectrode(draws, bad);
    const peakUv = draws.logBetween(40, 700) * (draws.isTrue(0.5) ? 1 : -1);
    const settleS = draws.logBetween(0.05, 0.6);
    const pulse = new Pulse(
      startS,
      6 * settleS,
      only(electrode),
      (timeS) => peakUv * Math.exp(-timeS / settleS),
    );
    return artefact('electrode-pop', pulse, context.durationS, { electrode: ELECTRODES[electrode] });
  });
};

/** What an electrode without contact records: mains and noise, and nothing of the head. */
class LeadOff implements Component {
  readonly startS: number;
  readonly endS: number;
  readonly #electrode: number;
  readonly #key: number;
  readonly #noiseUv: number;
  readonly #mainsUv: number;
  readonly #mainsHz: number;

  constructor(startS: number, durationS: number, electrode: number, draws: Draws, mainsHz: number) {
    this.startS = startS;
    this.endS = startS + durationS;
    this.#electrode = electrode;
    this.#key = draws.key;
    this.#noiseUv = draws.logBetween(1, 10);
    this.#mainsUv = draws.logBetween(5, 300);
    this.#mainsHz = mainsHz;
  }

  add(block: Block): void {
    const { from, to } = samplesWithin(block, this);
    const { work, start, length, rate } = block;
    whiteNoise(this.#key, start, length, work);
    const potential = block.electrodes[this.#electrode]!;
    for (let t = from; t < to; t++)
      potential[t] =
        this.#noiseUv * work[t]! +
        this.#mainsUv * Math.sin((2 * Math.PI * this.#mainsHz * (start + t)) / rate);
  }
}

/** Leads that come off for a while. */
export const leadsOff: ArtefactKind = (draws, context) =>
  occurrences(draws, context, always(0.6)).map((startS, index) => {
    // A reference's lead off is noticed at once.
    const electrode = draws.below(SCALP.length);
    const durationS = draws.logBetween(8, 240);
    const component = new LeadOff(
      startS,
      durationS,
      electrode,
      draws.part(1, index),
      context.patient.mainsHz,
    );
    return artefact('lead-off', component, context.durationS, { electrode: ELECTRODES[electrode] });
  });

/** An amplifier that hits its rail and comes back: a pulse far beyond the range, which the recorder cuts. */
export const saturation: ArtefactKind = (draws, context) =>
  occurrences(draws, context, always(0.5)).map((startS) => {
    const electrode = draws.below(SCALP.length);
    const heldS = draws.between(0.5, 4);
    const backS = draws.between(0.3, 1.5);
    const peakUv = draws.isTrue(0.5) ? 9000 : -9000;
    const pulse = new Pulse(startS, heldS + 8 * backS, only(electrode), (timeS) =>
      timeS < heldS ? peakUv : peakUv * Math.exp((heldS - timeS) / backS),
    );
    return artefact('saturation', pulse, context.durationS, { electrode: ELECTRODES[electrode] });
  });
