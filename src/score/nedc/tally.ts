import { ExactSum } from '../exact-sum.ts';
import type { TimeSpan } from '../time-spans.ts';
import { dpalignCounts } from './dpalign.ts';
import { type Confusion, confusionOf, EPOCH_S, epochCounts } from './epoch.ts';
import { LABELS, labelledEvents } from './events.ts';
import {
  type AlgorithmScores,
  algorithmScores,
  COUNT_NAMES,
  type CountsByLabel,
  type LabelCounts,
} from './figures.ts';
import { type IraScores, iraScores } from './ira.ts';
import { overlapCounts } from './overlap.ts';
import { taesCounts } from './taes.ts';

export interface NedcScores {
  readonly overlap: AlgorithmScores;
  readonly taes: AlgorithmScores;
  readonly epoch: AlgorithmScores;
  readonly dpalign: AlgorithmScores;
  readonly ira: IraScores;
}

/** Adds up recordings; their order is nothing, to the last bit. */
export class NedcTally {
  readonly #overlap = new SummedCounts();
  readonly #taes = new SummedCounts();
  readonly #dpalign = new SummedCounts();
  readonly #durationS = new ExactSum();
  #confusion: Confusion = { seiz: { seiz: 0, bckg: 0 }, bckg: { seiz: 0, bckg: 0 } };

  /** One recording: its seizures in reference and hypothesis. A recording of 0 s has nothing to count. */
  add(reference: readonly TimeSpan[], hypothesis: readonly TimeSpan[], durationS: number): void {
    const [refs, hyps] = [labelledEvents(reference, durationS), labelledEvents(hypothesis, durationS)];
    if (refs.length === 0 || hyps.length === 0) return;
    this.#overlap.add(overlapCounts(refs, hyps));
    this.#taes.add(taesCounts(refs, hyps));
    this.#dpalign.add(dpalignCounts(refs, hyps));
    const { seiz, bckg } = confusionOf(refs, hyps);
    this.#confusion = {
      seiz: { seiz: this.#confusion.seiz.seiz + seiz.seiz, bckg: this.#confusion.seiz.bckg + seiz.bckg },
      bckg: { seiz: this.#confusion.bckg.seiz + bckg.seiz, bckg: this.#confusion.bckg.bckg + bckg.bckg },
    };
    this.#durationS.add(refs.at(-1)!.endS);
  }

  scores(): NedcScores {
    const durationS = this.#durationS.value;
    return {
      overlap: algorithmScores(this.#overlap.counts, durationS),
      taes: algorithmScores(this.#taes.counts, durationS),
      epoch: algorithmScores(epochCounts(this.#confusion), durationS, EPOCH_S),
      dpalign: algorithmScores(this.#dpalign.counts, durationS),
      ira: iraScores(this.#confusion),
    };
  }
}

class SummedCounts {
  readonly #sums = LABELS.map(() => COUNT_NAMES.map(() => new ExactSum()));

  add(counts: CountsByLabel): void {
    for (const [row, label] of LABELS.entries())
      for (const [column, name] of COUNT_NAMES.entries()) this.#sums[row]![column]!.add(counts[label][name]);
  }

  get counts(): CountsByLabel {
    const ofLabel = (row: number) =>
      Object.fromEntries(
        COUNT_NAMES.map((name, column) => [name, this.#sums[row]![column]!.value]),
      ) as unknown as LabelCounts;
    return { seiz: ofLabel(0), bckg: ofLabel(1) };
  }
}
