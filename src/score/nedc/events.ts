import type { TimeSpan } from '../time-spans.ts';

/** The labels that are scored, in the order of the tool's reports. */
export const LABELS = ['seiz', 'bckg'] as const;
export type Label = (typeof LABELS)[number];

export interface LabelledEvent extends TimeSpan {
  readonly label: Label;
}

/** Decimals to which the tool rounds times where it fills gaps. */
const DECIMALS = 4;

/**
 * An annotation as the tool scores it: seizures by their start, then their end; background in every gap and up to the
 * recording's end; neighbours of one label as one event. Seizures that overlap stay as they are, and the background
 * between them then runs backwards, as it does in the tool; one that has no duration is left out.
 */
export function labelledEvents(seizures: readonly TimeSpan[], durationS: number): LabelledEvent[] {
  const lastS = roundTo(durationS, DECIMALS);
  const filled: LabelledEvent[] = [];
  let atS = 0;
  const fill = (endS: number) => {
    if (atS !== endS) filled.push({ startS: atS, endS, label: 'bckg' });
  };
  for (const { startS, endS } of seizures.toSorted((a, b) => a.startS - b.startS || a.endS - b.endS)) {
    if (endS === startS) continue;
    fill(roundTo(startS, DECIMALS));
    filled.push({ startS, endS, label: 'seiz' });
    atS = roundTo(endS, DECIMALS);
  }
  fill(lastS);
  return mergeNeighbours(filled);
}

function mergeNeighbours(events: readonly LabelledEvent[]): LabelledEvent[] {
  const merged: LabelledEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (last?.label === event.label) merged[merged.length - 1] = { ...last, endS: event.endS };
    else merged.push(event);
  }
  return merged;
}

/** As Python's `round`: to the nearest decimal, and to an even last digit where a number lies exactly between two. */
export function roundTo(value: number, decimals: number): number {
  const rounded = Number(value.toFixed(decimals));
  // Between two means an odd number of 2^-(decimals + 1), which a binary number can be exactly.
  const halves = value * 2 ** (decimals + 1);
  if (!Number.isInteger(halves) || halves % 2 === 0) return rounded;
  const step = 10 ** -decimals;
  const digit = Math.round(Math.abs(rounded) / step);
  return digit % 2 === 0 ? rounded : Math.sign(value) * Number(((digit - 1) * step).toFixed(decimals));
}
