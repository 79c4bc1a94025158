import { type Confusion, EPOCH_S } from './epoch.ts';
import { LABELS, type Label } from './events.ts';

/** Agreement beyond chance of two annotations as two raters. */
export interface IraScores {
  /** Cohen's kappa of each label against the other. */
  readonly kappa: Readonly<Record<Label, number | null>>;
  readonly multi_class_kappa: number | null;
  /** Epochs by the reference's label, then by the hypothesis's. */
  readonly confusion: Confusion;
  readonly epoch_duration: number;
}

/**
 * IRA: Cohen's kappa (1960) on the epochs' confusion, as the tool computes it. Raters who both only ever say one and
 * the same thing agree, 1; null without epochs.
 */
export function iraScores(confusion: Confusion): IraScores {
  return {
    kappa: { seiz: kappaOf(confusion, 'seiz'), bckg: kappaOf(confusion, 'bckg') },
    multi_class_kappa: multiClassKappa(confusion),
    confusion,
    epoch_duration: EPOCH_S,
  };
}

function kappaOf(confusion: Confusion, label: Label): number | null {
  const other = label === 'seiz' ? 'bckg' : 'seiz';
  const [a, b] = [confusion[label][label], confusion[label][other]];
  const [c, d] = [confusion[other][label], confusion[other][other]];
  const all = a + b + c + d;
  if (all === 0) return null;
  const observed = (a + d) / all;
  const yes = (((a + b) / all) * (a + c)) / all;
  const no = (((c + d) / all) * (b + d)) / all;
  const expected = yes + no;
  return expected === 1 ? 1 : (observed - expected) / (1 - expected);
}

function multiClassKappa(confusion: Confusion): number | null {
  const rows = LABELS.map((label) => confusion[label].seiz + confusion[label].bckg) as [number, number];
  const columns = LABELS.map((label) => confusion.seiz[label] + confusion.bckg[label]) as [number, number];
  const all = rows[0] + rows[1];
  if (all === 0) return null;
  const agreed = confusion.seiz.seiz + confusion.bckg.bckg;
  const byChance = BigInt(rows[0]) * BigInt(columns[0]) + BigInt(rows[1]) * BigInt(columns[1]);
  const numerator = BigInt(all) * BigInt(agreed) - byChance;
  const denominator = BigInt(all) * BigInt(all) - byChance;
  return denominator === 0n ? 1 : Number(numerator) / Number(denominator);
}
