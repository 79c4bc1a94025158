import { LABELS, type Label, type LabelledEvent } from './events.ts';
import type { CountsByLabel, LabelCounts } from './figures.ts';

/** Seconds. */
export const EPOCH_S = 0.25;

/** Epochs by the reference's label, then by the hypothesis's. */
export type Confusion = Readonly<Record<Label, Readonly<Record<Label, number>>>>;

/**
 * How many epochs have which pair of labels. An epoch has the label of the first event that contains its middle, both
 * ends included. Epochs are those whose middle is not after the reference's end. Takes time in proportion to the
 * events, not to the epochs.
 */
export function confusionOf(
  reference: readonly LabelledEvent[],
  hypothesis: readonly LabelledEvent[],
): Confusion {
  const epochs = Math.max(0, epochsUpTo(reference.at(-1)?.endS ?? -1));
  const [refs, hyps] = [labelStretches(reference, epochs), labelStretches(hypothesis, epochs)];
  const counts = { seiz: { seiz: 0, bckg: 0 }, bckg: { seiz: 0, bckg: 0 } };
  for (let i = 0, j = 0, at = 0; at < epochs; ) {
    const end = Math.min(refs[i]!.end, hyps[j]!.end);
    counts[refs[i]!.label][hyps[j]!.label] += end - at;
    at = end;
    if (refs[i]!.end === end) i++;
    if (hyps[j]!.end === end) j++;
  }
  return counts;
}

/** EPOCH: what a label is taken for. Only what the reference has as background can be a false alarm. */
export function epochCounts(confusion: Confusion): CountsByLabel {
  return Object.fromEntries(
    LABELS.map((label): [Label, LabelCounts] => {
      const other = label === 'seiz' ? 'bckg' : 'seiz';
      const [tp, fn] = [confusion[label][label], confusion[label][other]];
      const [fp, tn] = [confusion[other][label], confusion[other][other]];
      const isBackground = label === 'bckg';
      const [ins, del] = isBackground ? [0, 0] : [fp, fn];
      return [label, { tgt: tp + fn, hit: tp, mis: fn, fal: ins, ins, del, tp, tn, fp, fn }];
    }),
  ) as unknown as CountsByLabel;
}

/** From where the one before ends, up to `end`. */
interface Stretch {
  readonly end: number;
  readonly label: Label;
}

function labelStretches(events: readonly LabelledEvent[], epochs: number): Stretch[] {
  const bounds = new Set([0, epochs]);
  const runs = events.map(({ startS, endS, label }) => {
    const start = Math.min(epochs, epochsBefore(startS));
    const end = Math.max(start, Math.min(epochs, epochsUpTo(endS)));
    bounds.add(start).add(end);
    return { start, end, label };
  });
  const cuts = [...bounds].sort((a, b) => a - b);
  const placeOf = new Map(cuts.map((cut, place) => [cut, place]));
  // The tool falls back to the last event where none contains the middle.
  const labels = new Array<Label>(cuts.length - 1).fill(events.at(-1)!.label);
  const next = Array.from(cuts.keys());
  const nextLeft = (place: number): number => {
    let left = place;
    while (next[left] !== left) left = next[left]!;
    while (next[place] !== left) [next[place], place] = [left, next[place]!];
    return left;
  };
  for (const { start, end, label } of runs) {
    const last = placeOf.get(end)!;
    for (let place = nextLeft(placeOf.get(start)!); place < last; place = nextLeft(place)) {
      labels[place] = label;
      next[place] = place + 1;
    }
  }
  return labels.map((label, place) => ({ end: cuts[place + 1]!, label }));
}

/** Epochs whose middle, 0.125 + 0.25 i, is before this time: those middles are exact in binary. */
function epochsBefore(seconds: number): number {
  return Math.max(
    0,
    nearby(seconds, (middle) => middle < seconds),
  );
}

/** Epochs whose middle is at or before this time. */
function epochsUpTo(seconds: number): number {
  return Math.max(
    0,
    nearby(seconds, (middle) => middle <= seconds),
  );
}

function nearby(seconds: number, isCounted: (middle: number) => boolean): number {
  const middleOf = (index: number) => EPOCH_S / 2 + index * EPOCH_S;
  let count = Math.floor((seconds - EPOCH_S / 2) / EPOCH_S);
  while (isCounted(middleOf(count))) count++;
  while (count > 0 && !isCounted(middleOf(count - 1))) count--;
  return count;
}
