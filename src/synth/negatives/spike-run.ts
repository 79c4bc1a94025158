import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { SPIKE_WAVE } from '../waveform.ts';
import { planStaticRhythm, plateau } from './rhythm.ts';

/** A run of spikes, or of spikes and waves, too short for a seizure: below 10 s. */
export function planSpikeRun(draws: Draws, context: EventContext): EventPlan {
  const durationS = draws.logBetween(2, 9.5);
  const { focus } = context.patient;
  return planStaticRhythm(draws, context, {
    type: 'spike-run',
    durationS,
    hz: draws.logBetween(1.8, 6),
    wander: 0.12,
    wanderS: 0.6,
    waveform: SPIKE_WAVE,
    shape: 1,
    places: draws.isTrue(0.4)
      ? ['Fz', 'F3', 'F4', 'Cz', 'C3', 'C4']
      : [focus, draws.pick(['T3', 'T4', 'C3', 'C4', 'P3', 'P4'])],
    envelope: plateau(durationS, 0.5),
    quietShare: 0.4,
  });
}
