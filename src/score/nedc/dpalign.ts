import { LABELS, type Label, type LabelledEvent } from './events.ts';
import type { CountsByLabel } from './figures.ts';

/** How many labels an alignment pairs, deletes and inserts. */
interface Alignment {
  /** By the reference's label, then by the hypothesis's. */
  readonly pairs: Record<Label, Record<Label, number>>;
  readonly deleted: Record<Label, number>;
  readonly inserted: Record<Label, number>;
}

/**
 * DPALIGN: the labels of both as strings, aligned at the least edit distance (substitution, insertion and deletion
 * cost 1; of equals, in this order). Time is ignored.
 *
 * Neighbours never have one label, so that both strings alternate between two letters, and where the dynamic program's
 * path runs is known without it: of strings that start alike, the longer one's surplus stands before the other, in
 * pairs, and one left over at the end; of strings that start differently, one letter stands before, and what is left
 * over in the same way. Only the pairs x/y and xy/yx are cheaper to substitute.
 */
export function dpalignCounts(
  reference: readonly LabelledEvent[],
  hypothesis: readonly LabelledEvent[],
): CountsByLabel {
  const { pairs, deleted, inserted } = align(reference, hypothesis);
  return Object.fromEntries(
    LABELS.map((label) => {
      const other = label === 'seiz' ? 'bckg' : 'seiz';
      const [hit, substituted] = [pairs[label][label], pairs[label][other]];
      const mis = deleted[label] + substituted;
      const counts = { tgt: hit + mis, hit, mis, fal: inserted[label], ins: inserted[label] };
      return [
        label,
        { ...counts, del: deleted[label], tp: hit, tn: pairs[other][other], fp: inserted[label], fn: mis },
      ];
    }),
  ) as unknown as CountsByLabel;
}

function align(reference: readonly LabelledEvent[], hypothesis: readonly LabelledEvent[]): Alignment {
  const alignment: Alignment = {
    pairs: { seiz: { seiz: 0, bckg: 0 }, bckg: { seiz: 0, bckg: 0 } },
    deleted: { seiz: 0, bckg: 0 },
    inserted: { seiz: 0, bckg: 0 },
  };
  const edges = edgesOf(reference, hypothesis);
  const lengths = [reference.length, hypothesis.length] as const;
  for (const [index, { label }] of reference.entries())
    if (isOutside(index, lengths[0], edges.deleted)) alignment.deleted[label]++;
  for (const [index, { label }] of hypothesis.entries())
    if (isOutside(index, lengths[1], edges.inserted)) alignment.inserted[label]++;
  const paired = lengths[0] - edges.deleted.before - edges.deleted.after;
  for (let index = 0; index < paired; index++) {
    const { label } = reference[edges.deleted.before + index]!;
    alignment.pairs[label][hypothesis[edges.inserted.before + index]!.label]++;
  }
  return alignment;
}

/** Letters before and after those that are paired. */
interface Edges {
  readonly before: number;
  readonly after: number;
}

const NO_EDGES: Edges = { before: 0, after: 0 };

function isOutside(index: number, length: number, { before, after }: Edges): boolean {
  return index < before || index >= length - after;
}

function edgesOf(
  reference: readonly LabelledEvent[],
  hypothesis: readonly LabelledEvent[],
): { deleted: Edges; inserted: Edges } {
  const surplus = Math.abs(hypothesis.length - reference.length);
  const isAlike = reference[0]?.label === hypothesis[0]?.label;
  if (surplus === 0) {
    if (isAlike || reference.length <= 2) return { deleted: NO_EDGES, inserted: NO_EDGES };
    return { deleted: { before: 1, after: 0 }, inserted: { before: 0, after: 1 } };
  }
  // What is before the pairs has to be even where both start alike, else odd.
  const after = (surplus % 2 === 0) === isAlike ? 0 : 1;
  const edges = { before: surplus - after, after };
  return hypothesis.length > reference.length
    ? { deleted: NO_EDGES, inserted: edges }
    : { deleted: edges, inserted: NO_EDGES };
}
