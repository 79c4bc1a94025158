import { controlTrack, rise } from '../control.ts';
import { MUSCLES, MuscleActivity } from '../muscle.ts';
import { type ArtefactKind, artefact, occurrences, whenAwake } from './artefact.ts';

/** Tension of one to three muscles. */
export const muscleTension: ArtefactKind = (draws, context) =>
  occurrences(draws, context, whenAwake(60, 6)).map((startS, index) => {
    const durationS = draws.logBetween(0.5, 20);
    const peakUv = draws.logBetween(4, 70);
    const muscles = draws.shuffled(MUSCLES).slice(0, 1 + draws.below(3));
    const amplitude = controlTrack(
      durationS,
      (timeS) => peakUv * rise(timeS, 0, 0.3) * (1 - rise(timeS, durationS - 0.3, durationS)),
    );
    const activity = new MuscleActivity(startS, durationS, muscles, amplitude, {
      draws: draws.part(1, index),
      rate: context.patient.rate,
    });
    return artefact('muscle', activity, context.durationS, { muscles });
  });

/** Chewing: bites of both temporal muscles, one to two a second. */
export const chewing: ArtefactKind = (draws, context) =>
  occurrences(draws, context, { wake: 4, n1: 0, n2: 0, n3: 0, rem: 0 }).map((startS, index) => {
    const durationS = draws.logBetween(5, 60);
    const peakUv = draws.logBetween(20, 150);
    const bitesHz = draws.between(0.9, 2);
    const activity = new MuscleActivity(
      startS,
      durationS,
      ['left temporalis', 'right temporalis'],
      controlTrack(
        durationS,
        (timeS) => peakUv * rise(timeS, 0, 1) * (1 - rise(timeS, durationS - 1, durationS)),
      ),
      {
        draws: draws.part(1, index),
        rate: context.patient.rate,
        gate: (timeS) => 0.05 + 0.95 * Math.max(0, Math.sin(2 * Math.PI * bitesHz * timeS)) ** 2,
      },
    );
    return artefact('chewing', activity, context.durationS, { bites_hz: Math.round(bitesHz * 100) / 100 });
  });
