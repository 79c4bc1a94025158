import { controlTrack } from '../control.ts';
import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { ELECTRODES } from '../head.ts';
import { MuscleActivity } from '../muscle.ts';
import { SHARP } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** Movement of leads: each electrode of a few moves by its own, so the field is no dipole's. */
function shakenField(draws: Draws, share: number): Float64Array {
  return Float64Array.from(ELECTRODES, () =>
    draws.isTrue(share) ? draws.between(-1, 1) : 0.05 * draws.normal(),
  );
}

/** Brushing teeth, 3 to 6 Hz, in strokes with breaks, with muscle. */
export function planToothbrushing(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(8, 45);
  const flank = plateau(durationS);
  const strokeS = draws.between(2, 6);
  const muscleUv = draws.logBetween(3, 30);
  const envelope = (timeS: number) => flank(timeS) * ((timeS / strokeS) % 1 < 0.85 ? 1 : 0.25);
  return planStaticRhythm(draws, context, {
    type: 'toothbrushing',
    durationS,
    hz: draws.between(3, 6),
    wander: 0.09,
    wanderS: 1.5,
    waveform: SHARP,
    shape: draws.between(0.2, 0.9),
    places: [shakenField(draws.part(7), 0.5), shakenField(draws.part(8), 0.3)],
    envelope,
    quietShare: 0.4,
    beside: (startS) => [
      new MuscleActivity(
        startS,
        durationS,
        ['left temporalis', 'right temporalis'],
        controlTrack(durationS, (timeS) => muscleUv * envelope(timeS)),
        { draws: draws.part(9), rate: context.patient.rate },
      ),
    ],
  });
}

/** Tremor, 3 to 6 Hz, in a few electrodes on which an arm or the head lies. */
export function planTremor(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(6, 40);
  return planStaticRhythm(draws, context, {
    type: 'tremor',
    durationS,
    hz: draws.between(3, 6),
    wander: 0.05,
    wanderS: 3,
    waveform: SHARP,
    shape: draws.between(0, 0.5),
    places: [shakenField(draws.part(7), 0.2)],
    envelope: plateau(durationS, 2),
    quietShare: 0.5,
  });
}
