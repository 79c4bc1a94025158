import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { SHARP } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** Rhythmic slow activity of 1 to 4 Hz, frontal, temporal or occipital, that neither evolves nor spreads. */
export function planRhythmicSlowing(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(6, 50);
  return planStaticRhythm(draws, context, {
    type: 'rhythmic-slowing',
    durationS,
    hz: draws.logBetween(1.3, 6),
    wander: 0.08,
    wanderS: 2,
    waveform: SHARP,
    shape: draws.between(0, 0.6),
    places: draws.pick([
      ['Fz', 'F3', 'F4', 'Fp1', 'Fp2'],
      ['T3', 'F7', 'T5'],
      ['T4', 'F8', 'T6'],
      ['O1', 'O2', 'Pz'],
    ]),
    envelope: plateau(durationS, 2),
    quietShare: 0.5,
  });
}

/** What is left after a seizure: slow waves that become smaller and faster. */
export function planPostictalSlowing(
  draws: Draws,
  context: EventContext,
  places: readonly string[],
): EventPlan {
  const durationS = draws.logBetween(10, 60);
  return planStaticRhythm(draws, context, {
    type: 'postictal-slowing',
    durationS,
    hz: draws.between(1, 2.2),
    wander: 0.2,
    wanderS: 1,
    waveform: SHARP,
    shape: 0.2,
    places,
    envelope: (timeS) => plateau(durationS, 2)(timeS) * (1 - (0.7 * timeS) / durationS),
    quietShare: 0.4,
  });
}
