import { CONTROL_HZ, controlTrack, rise } from '../control.ts';
import type { Draws } from '../draws.ts';
import type { RhythmCourse } from '../rhythmic-run.ts';
import { SHARP, SPIKE_WAVE } from '../waveform.ts';
import type { SpreadSite } from './spread.ts';
import type { SeizureType } from './types.ts';

/** Frequencies, Hz, and shapes between which a seizure goes. */
export interface Evolution {
  readonly fromHz: number;
  readonly toHz: number;
  readonly fromShape: number;
  readonly toShape: number;
  readonly isSpikeWave: boolean;
}

/** How the rhythm of a type evolves; always by more than the half hertz that the ACNS's "evolving" asks for. */
function drawEvolution(draws: Draws, type: SeizureType): Evolution {
  const shapes = { fromShape: draws.between(0, 0.2), toShape: draws.between(0.4, 1) };
  switch (type) {
    case 'absz':
      return {
        fromHz: draws.between(3.4, 4.2),
        toHz: draws.between(2.4, 2.8),
        fromShape: 0.8,
        toShape: 1,
        isSpikeWave: true,
      };
    case 'gnsz':
      return { fromHz: draws.between(4.5, 7), toHz: draws.between(2, 3), ...shapes, isSpikeWave: true };
    case 'tnsz':
      return {
        fromHz: draws.between(15, 22),
        toHz: draws.between(8, 11),
        fromShape: 0,
        toShape: 0.3,
        isSpikeWave: false,
      };
    case 'tcsz':
      return {
        fromHz: draws.between(9, 14),
        toHz: draws.between(1, 1.6),
        fromShape: 0.1,
        toShape: 1,
        isSpikeWave: true,
      };
    default: {
      const fromHz = draws.logBetween(6, 14);
      return {
        fromHz,
        toHz: Math.min(draws.logBetween(2, 4), 0.55 * fromHz),
        ...shapes,
        isSpikeWave: draws.isTrue(0.5),
      };
    }
  }
}

/** s over which a seizure ends */
const END_S = 1;

/** The rhythm of a seizure at an amplitude of 1. */
export function seizureCourse(
  draws: Draws,
  type: SeizureType,
  sites: readonly SpreadSite[],
  durationS: number,
): { course: RhythmCourse; evolution: Evolution } {
  const evolution = drawEvolution(draws, type);
  const { fromHz, toHz, fromShape, toShape, isSpikeWave } = evolution;
  const bend = draws.between(0.6, 1.6);
  const wander = slowWander(draws.part(1), durationS, 0.08, 1.5);
  const swell = slowWander(draws.part(2), durationS, 0.2, 1);
  const share = (timeS: number) => Math.min(1, timeS / durationS);
  const frequency = controlTrack(
    durationS,
    (timeS) =>
      fromHz * (toHz / fromHz) ** (share(timeS) ** bend) * (1 + wander[Math.round(timeS * CONTROL_HZ)]!),
  );
  const shape = controlTrack(durationS, (timeS) => fromShape + (toShape - fromShape) * share(timeS));
  const generators = sites.map(({ field, delayS, riseS, level, lagS }) => ({
    field,
    lagS,
    amplitude: controlTrack(durationS, (timeS) => {
      // It begins hidden: at a tenth of its amplitude, or less.
      const grown = 0.1 * rise(timeS, delayS, delayS + 1) + 0.9 * rise(timeS, delayS, delayS + riseS);
      const ending = 1 - rise(timeS, durationS - END_S, durationS);
      return level * grown * ending * (1 + swell[Math.round(timeS * CONTROL_HZ)]!);
    }),
  }));
  return { course: { frequency, shape, waveform: isSpikeWave ? SPIKE_WAVE : SHARP, generators }, evolution };
}

/** Relative deviations that wander: normal draws, smoothed over a time. */
export function slowWander(draws: Draws, durationS: number, deviation: number, timeS: number): Float64Array {
  const keep = Math.exp(-1 / (timeS * CONTROL_HZ));
  let value = draws.normal();
  return controlTrack(durationS).map(() => {
    value = keep * value + Math.sqrt(1 - keep * keep) * draws.normal();
    return deviation * Math.max(-2, Math.min(2, value));
  });
}
