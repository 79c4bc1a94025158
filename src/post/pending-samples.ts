import { type ConfidenceMethod, percentile } from './confidence.ts';
import { ProbabilitySum } from './probability-sum.ts';

/** Samples `[start, end)`: as they are, or once they are joined what a confidence needs to know of them. */
interface Piece {
  readonly start: number;
  readonly end: number;
  /** null once joined, except where percentiles are asked for */
  readonly values: Float64Array | null;
  readonly joined: { readonly sum: ProbabilitySum; readonly peak: number } | null;
}

/**
 * The end of a curve whose events are not certain yet. Stretches that an event holds wholly or not at all are joined to
 * a few numbers, so that an event of hours takes no more memory than one of seconds; a percentile alone needs every
 * sample of its event.
 */
export class PendingSamples {
  readonly #method: ConfidenceMethod;
  #pieces: Piece[] = [];
  #end = 0;

  constructor(method: ConfidenceMethod) {
    this.#method = method;
  }

  /** Samples held as they are. */
  get held(): number {
    return this.#pieces.reduce((sum, { values }) => sum + (values?.length ?? 0), 0);
  }

  /** Samples are not copied, and must not change. */
  push(values: Float64Array): void {
    if (values.length === 0) return;
    const start = this.#end;
    this.#end += values.length;
    this.#pieces.push({ start, end: this.#end, values, joined: null });
  }

  /** Samples before this one will not be asked for. */
  forget(before: number): void {
    this.#cut(before);
    let count = 0;
    while (count < this.#pieces.length && this.#pieces[count]!.end <= before) count++;
    this.#pieces.splice(0, count);
  }

  /** From now on these samples are asked for together only. */
  join(start: number, end: number): void {
    if (start >= end) return;
    const [from, to] = this.#range(start, end);
    if (to - from === 1 && this.#pieces[from]!.joined !== null) return;
    this.#pieces.splice(from, to - from, this.#joined(this.#pieces.slice(from, to)));
  }

  /** As `confidence` of these samples. */
  confidence(start: number, end: number, share: number): number {
    const [from, to] = this.#range(start, end);
    const { values, joined } = this.#joined(this.#pieces.slice(from, to));
    if (this.#method === 'percentile') return percentile(values!.sort(), share);
    return this.#method === 'peak' ? joined!.peak : joined!.sum.value / (end - start);
  }

  clone(): PendingSamples {
    const copy = new PendingSamples(this.#method);
    copy.#pieces = [...this.#pieces];
    copy.#end = this.#end;
    return copy;
  }

  #joined(pieces: readonly Piece[]): Piece {
    const sum = new ProbabilitySum();
    let peak = -Infinity;
    for (const { values, joined } of pieces) {
      if (joined !== null) {
        sum.addSum(joined.sum);
        peak = Math.max(peak, joined.peak);
      } else
        for (const value of values!) {
          sum.add(value);
          if (value > peak) peak = value;
        }
    }
    const [start, end] = [pieces[0]!.start, pieces.at(-1)!.end];
    return {
      start,
      end,
      values: this.#method === 'percentile' ? together(pieces.map(({ values }) => values!)) : null,
      joined: { sum, peak },
    };
  }

  /** Places of the pieces that are these samples. */
  #range(start: number, end: number): [number, number] {
    this.#cut(start);
    this.#cut(end);
    const from = this.#pieces.findIndex((piece) => piece.start >= start);
    const after = this.#pieces.findIndex((piece) => piece.start >= end);
    return [from, after < 0 ? this.#pieces.length : after];
  }

  /** Makes a piece begin here, if it is within samples that are not joined. */
  #cut(at: number): void {
    const place = this.#pieces.findIndex(({ start, end }) => start < at && at < end);
    const piece = this.#pieces[place];
    if (piece === undefined || piece.joined !== null) return;
    const { start, end } = piece;
    const values = piece.values!;
    this.#pieces.splice(
      place,
      1,
      { start, end: at, values: values.subarray(0, at - start), joined: null },
      { start: at, end, values: values.subarray(at - start), joined: null },
    );
  }
}

function together(pieces: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
