import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { SHARP } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** Flashes a second, as laboratories step through them. */
const FLASHES_HZ = [3, 5, 6, 8, 9, 10, 12, 15, 18, 20] as const;

/** The occipital answer to flashes, at their frequency. */
export function planPhoticDriving(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.between(5, 12);
  return planStaticRhythm(draws, context, {
    type: 'photic-driving',
    durationS,
    hz: draws.pick(FLASHES_HZ),
    wander: 0,
    wanderS: 1,
    waveform: SHARP,
    shape: draws.between(0.2, 0.9),
    places: ['O1', 'O2', 'Pz'],
    envelope: plateau(durationS, 0.7),
    quietShare: 0.6,
  });
}
