import type { AnnotatedEvent } from './annotation.ts';
import { secondsOf } from './intervals.ts';

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
  const seizures = events.filter(({ meaning }) => meaning === 'seizure');
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

/** Where in the events each label stands: by a seizure's types, if they are known apart from its times. */
export function stretchesByLabel(
  events: readonly AnnotatedEvent[],
): Map<string, { startS: number; endS: number }[]> {
  const stretches = new Map<string, { startS: number; endS: number }[]>();
  for (const { label, startS, endS } of events.flatMap((event) => event.types ?? [event])) {
    const all = stretches.get(label) ?? [];
    all.push({ startS, endS });
    stretches.set(label, all);
  }
  return stretches;
}

/** Not by how many channels it is on. */
function longestLabel(members: readonly AnnotatedEvent[]): string {
  const seconds = [...stretchesByLabel(members)].map(([label, all]) => [label, secondsOf(all)] as const);
  return seconds.reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0];
}
