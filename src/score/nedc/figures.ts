import { LABELS, type Label } from './events.ts';

/** What an algorithm counts for a label; sums over recordings score them together. */
export interface LabelCounts {
  /** Reference events, or epochs. */
  readonly tgt: number;
  readonly hit: number;
  readonly mis: number;
  readonly fal: number;
  readonly ins: number;
  readonly del: number;
  readonly tp: number;
  readonly tn: number;
  readonly fp: number;
  readonly fn: number;
}

export type CountName = keyof LabelCounts;
export const COUNT_NAMES: readonly CountName[] = [
  'tgt',
  'hit',
  'mis',
  'fal',
  'ins',
  'del',
  'tp',
  'tn',
  'fp',
  'fn',
];
export type CountsByLabel = Readonly<Record<Label, LabelCounts>>;

/** Figures under the tool's names; null is a ratio with nothing to divide by, for which the tool prints 0. */
export interface LabelFigures {
  /** Sensitivity. */
  readonly tpr: number | null;
  /** Specificity. */
  readonly tnr: number | null;
  /** Precision. */
  readonly ppv: number | null;
  readonly npv: number | null;
  readonly acc: number | null;
  readonly f1s: number | null;
  /** Matthews' correlation. */
  readonly mcc: number | null;
  /** False positives per 24 h of this label; of the summary, of all labels together. */
  readonly flr: number | null;
}

export interface AlgorithmScores {
  readonly per_label: Readonly<Record<Label, LabelCounts & LabelFigures>>;
  /** Over both labels: counts added up. */
  readonly summary: LabelCounts & LabelFigures;
  /** Seconds. */
  readonly total_duration: number;
}

/** The tool takes a smaller denominator for 0. */
const SMALLEST = 0.5e-10;

/**
 * The figures of counts.
 *
 * @param secondsPerCount what one false positive lasts where it is an epoch: rates count time then; else 1
 */
export function algorithmScores(
  counts: CountsByLabel,
  durationS: number,
  secondsPerCount = 1,
): AlgorithmScores {
  const [seiz, bckg] = LABELS.map((label) => ({
    ...counts[label],
    ...figuresOf(counts[label], durationS, secondsPerCount),
  })) as [LabelCounts & LabelFigures, LabelCounts & LabelFigures];
  const sums = Object.fromEntries(
    COUNT_NAMES.map((name) => [name, counts.seiz[name] + counts.bckg[name]]),
  ) as unknown as LabelCounts;
  const figures = figuresOf(sums, durationS, secondsPerCount);
  const summary = { ...sums, ...figures, f1s: summaryF1(sums, figures, bckg) };
  return { per_label: { seiz, bckg }, summary, total_duration: durationS };
}

function figuresOf(counts: LabelCounts, durationS: number, secondsPerCount: number): LabelFigures {
  const { tp, tn, fp, fn } = counts;
  const [tpr, ppv] = [ratio(tp, tp + fn), ratio(tp, tp + fp)];
  return {
    tpr,
    tnr: ratio(tn, tn + fp),
    ppv,
    npv: ratio(tn, tn + fn),
    acc: ratio(tp + tn, tp + tn + fp + fn),
    f1s: f1Of(counts, tpr ?? 0, ppv ?? 0),
    mcc: matthews(tp, tn, fp, fn),
    flr: durationS > SMALLEST ? ((fp * secondsPerCount) / durationS) * 86_400 : null,
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Without a hit it is 0, and undefined only where there was nothing to hit and nothing claimed. */
function f1Of({ tp, fp, fn }: LabelCounts, tpr: number, ppv: number): number | null {
  if (tp === 0 && fp === 0 && fn === 0) return null;
  return Math.abs(ppv + tpr) < SMALLEST ? 0 : (2 * ppv * tpr) / (ppv + tpr);
}

/**
 * The tool divides the summary's product by the last label's sum of precision and sensitivity, so that this is no F1
 * over both labels; it is kept, for the value is what the tool reports.
 */
function summaryF1(counts: LabelCounts, summary: LabelFigures, last: LabelFigures): number | null {
  const { tp, fp, fn } = counts;
  if (tp === 0 && fp === 0 && fn === 0) return null;
  const denominator = (last.ppv ?? 0) + (last.tpr ?? 0);
  if (Math.abs(denominator) < SMALLEST) return 0;
  return (2 * (summary.ppv ?? 0) * (summary.tpr ?? 0)) / denominator;
}

/** Matthews 1975. Partial counts can make the root's argument negative: undefined, too. */
function matthews(tp: number, tn: number, fp: number, fn: number): number | null {
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  return product < SMALLEST ? null : differenceOfProducts(tp, tn, fp, fn) / Math.sqrt(product);
}

/** `a b - c d`, exact for whole numbers: those of epochs exceed 2^53 and may nearly cancel. */
function differenceOfProducts(a: number, b: number, c: number, d: number): number {
  if (![a, b, c, d].every(Number.isSafeInteger)) return a * b - c * d;
  return Number(BigInt(a) * BigInt(b) - BigInt(c) * BigInt(d));
}

/** The tool's own output: 0 wherever a ratio has nothing to divide by. */
export function asPrinted(scores: AlgorithmScores): AlgorithmScores {
  const printed = (values: LabelCounts & LabelFigures) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value ?? 0]),
    ) as unknown as LabelCounts & LabelFigures;
  const { per_label, summary, total_duration } = scores;
  return {
    per_label: { seiz: printed(per_label.seiz), bckg: printed(per_label.bckg) },
    summary: printed(summary),
    total_duration,
  };
}
