import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { DISCHARGE } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** Sharp waves that return every 0.4 to 2 s, lateralised or generalised. */
export function planPeriodicDischarges(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(12, 60);
  const isGeneralised = draws.isTrue(0.35);
  const side = draws.pick([
    ['F7', 'T3', 'F3', 'C3'],
    ['F8', 'T4', 'F4', 'C4'],
    ['T5', 'P3', 'O1'],
    ['T6', 'P4', 'O2'],
  ]);
  return planStaticRhythm(draws, context, {
    type: 'periodic-discharges',
    durationS,
    hz: draws.logBetween(0.5, 2.5),
    wander: 0.08,
    wanderS: 0.8,
    waveform: DISCHARGE,
    shape: 1,
    places: isGeneralised ? ['Fz', 'F3', 'F4', 'Cz', 'P3', 'P4'] : side,
    envelope: plateau(durationS),
    quietShare: 0.5,
    detail: { is_generalised: isGeneralised },
  });
}
