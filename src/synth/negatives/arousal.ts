import { controlTrack, rise } from '../control.ts';
import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { MuscleActivity } from '../muscle.ts';
import { SINE } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** An arousal: 3 to 15 s of faster rhythm, mostly with some muscle. */
export function planArousal(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(3, 15);
  const { rate, alphaHz, thetaHz } = context.patient;
  const muscleUv = draws.logBetween(3, 25);
  return planStaticRhythm(draws, context, {
    type: 'arousal',
    durationS,
    hz: draws.isTrue(0.5) ? thetaHz : alphaHz,
    wander: 0.1,
    wanderS: 0.7,
    waveform: SINE,
    shape: 0,
    places: ['Fz', 'Cz', 'F3', 'F4', 'C3', 'C4'],
    envelope: plateau(durationS, 1),
    quietShare: 0.5,
    beside: (startS) => [
      new MuscleActivity(
        startS,
        durationS,
        ['frontalis', 'left temporalis', 'right temporalis'],
        controlTrack(
          durationS,
          (timeS) => muscleUv * rise(timeS, 0, 1) * (1 - rise(timeS, durationS - 1, durationS)),
        ),
        { draws: draws.part(6), rate },
      ),
    ],
  });
}
