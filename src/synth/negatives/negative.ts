import type { Draws } from '../draws.ts';
import type { EventContext } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { planArousal } from './arousal.ts';
import { planPeriodicDischarges } from './periodic-discharges.ts';
import { planPhoticDriving } from './photic-driving.ts';
import { planPostictalSlowing, planRhythmicSlowing } from './rhythmic-slowing.ts';
import { planToothbrushing, planTremor } from './shaking.ts';
import { planSpikeRun } from './spike-run.ts';

/** What looks like a seizure in one respect and is none, by how often it is drawn. */
const WEIGHTS = {
  'periodic-discharges': 0.18,
  'rhythmic-slowing': 0.2,
  'spike-run': 0.2,
  arousal: 0.12,
  'photic-driving': 0.1,
  toothbrushing: 0.08,
  tremor: 0.08,
  'postictal-slowing': 0.04,
} as const;

const PLANS: Readonly<Record<keyof typeof WEIGHTS, (draws: Draws, context: EventContext) => EventPlan>> = {
  'periodic-discharges': planPeriodicDischarges,
  'rhythmic-slowing': planRhythmicSlowing,
  'spike-run': planSpikeRun,
  arousal: planArousal,
  'photic-driving': planPhoticDriving,
  toothbrushing: planToothbrushing,
  tremor: planTremor,
  // As if of a seizure before the recording.
  'postictal-slowing': (draws, context) =>
    planPostictalSlowing(draws, context, ['Fz', 'F3', 'F4', 'C3', 'C4']),
};

/** A hard negative of a type drawn by weight. */
export function planNegative(draws: Draws, context: EventContext): EventPlan {
  return PLANS[draws.weighted(WEIGHTS)](draws.part(1), context);
}
