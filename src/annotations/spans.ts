import type { AnnotatedEvent } from './annotation.ts';
import { isSeizureLabel } from './labels.ts';

/** Seizures that overlap, as one: from the first start to the last end. */
export interface SeizureSpan {
  readonly startS: number;
  readonly endS: number;
  /** The label that lasts longest in it. */
  readonly label: string;
  /** In order of start. */
  readonly members: readonly AnnotatedEvent[];
}

/**
 * The seizures among events, those that overlap joined: several channels or types of one seizure (TUSZ `.csv`), or
 * an annotation made twice. Seizures that only touch stay two.
 */
export function seizureSpans(events: readonly AnnotatedEvent[]): SeizureSpan[] {
  const groups: { startS: number; endS: number; members: AnnotatedEvent[] }[] = [];
  const seizures = events.filter(({ label }) => isSeizureLabel(label) === true);
  for (const event of seizures.toSorted((a, b) => a.startS - b.startS)) {
    const open = groups.at(-1);
    if (open !== undefined && event.startS < open.endS) {
      open.members.push(event);
      open.endS = Math.max(open.endS, event.endS);
    } else {
      groups.push({ startS: event.startS, endS: event.endS, members: [event] });
    }
  }
  return groups.map((group) => ({ ...group, label: longestLabel(group.members) }));
}

function longestLabel(members: readonly AnnotatedEvent[]): string {
  const seconds = new Map<string, number>();
  for (const { label, startS, endS } of members)
    seconds.set(label, (seconds.get(label) ?? 0) + endS - startS);
  return [...seconds].reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0];
}
