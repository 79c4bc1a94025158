import { eventSensitivity, NO_EVENTS } from '../any-overlap.ts';
import type { Interval, SensitivityOfGroup } from './document.ts';
import { DURATION_GROUPS, durationGroup, type SeizureOutcome } from './event-outcomes.ts';
import { figureOf, shareInterval } from './figure-intervals.ts';
import type { PatientBootstrap } from './patient-bootstrap.ts';

/** What became of a seizure, and whose it is: a patient's index. */
export type PatientSeizure = SeizureOutcome & { readonly patient: number };

/** Group of seizures whose type the entry does not tell. */
const UNKNOWN_TYPE = 'unknown';

/** In the order of the types' names. */
export function sensitivityByType(
  seizures: readonly PatientSeizure[],
  bootstrap: PatientBootstrap,
): SensitivityOfGroup[] {
  return [...Map.groupBy(seizures, ({ type }) => type ?? UNKNOWN_TYPE)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, group]) => groupOf(type, group, bootstrap));
}

/** Every group, also an empty one. */
export function sensitivityByDuration(
  seizures: readonly PatientSeizure[],
  bootstrap: PatientBootstrap,
): SensitivityOfGroup[] {
  return DURATION_GROUPS.map((group) => {
    const own = seizures.filter((seizure) => durationGroup(seizure) === group);
    return groupOf(group, own, bootstrap);
  });
}

function groupOf(
  group: string,
  seizures: readonly PatientSeizure[],
  bootstrap: PatientBootstrap,
): SensitivityOfGroup {
  const detected = seizures.filter(({ isDetected }) => isDetected).length;
  const counts = { ...NO_EVENTS, detectedReferences: detected, references: seizures.length };
  const interval = sensitivityInterval(seizures, bootstrap);
  return { group, seizures: seizures.length, detected, ...figureOf(eventSensitivity(counts), interval) };
}

/** The interval of the share of these seizures that is detected. */
export function sensitivityInterval(
  seizures: readonly PatientSeizure[],
  bootstrap: PatientBootstrap,
): Interval | null {
  const detected = new Float64Array(bootstrap.patients);
  const references = new Float64Array(bootstrap.patients);
  for (const { patient, isDetected } of seizures) {
    references[patient]!++;
    detected[patient]! += isDetected ? 1 : 0;
  }
  return shareInterval({ detected, references }, bootstrap);
}
