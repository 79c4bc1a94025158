import { touches } from '../time-spans.ts';
import { LABELS, type Label, type LabelledEvent } from './events.ts';
import type { CountsByLabel, LabelCounts } from './figures.ts';

/** What algorithms on events count themselves. */
export type EventCount = Pick<LabelCounts, 'tgt' | 'hit' | 'mis' | 'fal'>;

/**
 * OVERLAP (Wilson et al., Clin. Neurophysiol. 2003): a reference is hit by any hypothesis of its label that shares
 * time with it, a hypothesis that shares time with no reference of its label is a false alarm.
 */
export function overlapCounts(
  reference: readonly LabelledEvent[],
  hypothesis: readonly LabelledEvent[],
): CountsByLabel {
  return eventCounts((label) => {
    const [refs, hyps] = [reference, hypothesis].map((events) => events.filter((e) => e.label === label));
    const hit = touches(refs!, hyps!).filter(Boolean).length;
    const fal = touches(hyps!, refs!).filter((isTouching) => !isTouching).length;
    return { tgt: refs!.length, hit, mis: refs!.length - hit, fal };
  });
}

/** Insertions are the false alarms and deletions the misses; true negatives are the other label's hits. */
export function eventCounts(countsOf: (label: Label) => EventCount): CountsByLabel {
  const counts = { seiz: countsOf('seiz'), bckg: countsOf('bckg') };
  return Object.fromEntries(
    LABELS.map((label) => {
      const { tgt, hit, mis, fal } = counts[label];
      const tn = counts[label === 'seiz' ? 'bckg' : 'seiz'].hit;
      return [label, { tgt, hit, mis, fal, ins: fal, del: mis, tp: hit, tn, fp: fal, fn: mis }];
    }),
  ) as unknown as CountsByLabel;
}
