import type { AnnotatedEvent, Annotation } from './annotation.ts';
import { isSeizureLabel } from './labels.ts';

/** A stretch that was recorded, in seconds from the recording's start. */
export interface RecordedStretch {
  readonly startS: number;
  readonly durationS: number;
}

/** A seizure, or the part of one, that was recorded. */
export interface PlacedSeizure {
  readonly startS: number;
  readonly endS: number;
  readonly label: string;
}

export type PlacementProblem = 'clipped' | 'not recorded' | 'outside';

/** Something of an annotation that could not be used as it stands. */
export interface PlacementReport {
  readonly problem: PlacementProblem;
  readonly event: AnnotatedEvent;
  readonly message: string;
}

export interface Placement {
  /** Recorded parts of seizures, in order of time; those of several channels or types may overlap. */
  readonly seizures: readonly PlacedSeizure[];
  /** Seizures of which at least one sample was recorded. */
  readonly seizureCount: number;
  readonly reports: readonly PlacementReport[];
}

/**
 * Lays the seizures of an annotation over what was recorded: clipped to the recording's end, cut at holes, left
 * out where nothing of them was recorded. Whatever is lost is reported, event by event (failures A1).
 *
 * @param shortestS shorter pieces hold no sample: one sample at the cache rate
 */
export function placeSeizures(
  annotation: Annotation,
  stretches: readonly RecordedStretch[],
  shortestS: number,
): Placement {
  const last = stretches.at(-1)!;
  const recordingEndS = last.startS + last.durationS;
  const seizures: PlacedSeizure[] = [];
  const reports: PlacementReport[] = [];
  let seizureCount = 0;
  for (const event of annotation.events) {
    if (isSeizureLabel(event.label) !== true) continue;
    const report = (problem: PlacementProblem, message: string) => {
      reports.push({ problem, event, message: `${event.label} ${event.startS}-${event.endS} s: ${message}` });
    };
    const pieces = stretches
      .map(({ startS, durationS }) => ({
        startS: Math.max(event.startS, startS),
        endS: Math.min(event.endS, startS + durationS),
        label: event.label,
      }))
      .filter(({ startS, endS }) => endS - startS > shortestS / 2);
    if (event.startS >= recordingEndS || event.endS <= 0) {
      report('outside', `outside the recording (0-${recordingEndS} s); left out`);
    } else if (pieces.length === 0) {
      report('not recorded', 'none of it was recorded; left out');
    } else {
      seizureCount++;
      seizures.push(...pieces);
      const keptS = pieces.reduce((sum, { startS, endS }) => sum + endS - startS, 0);
      const lostS = event.endS - event.startS - keptS;
      if (lostS > shortestS / 2) report('clipped', `${keptS.toFixed(3)} s of it were recorded`);
    }
  }
  return { seizures: seizures.sort((a, b) => a.startS - b.startS), seizureCount, reports };
}
