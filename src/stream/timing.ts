/** Of the last windows; enough for a median, and bounded. */
const KEPT = 1024;

/** How long a stream's work takes. */
export class Timing {
  readonly #now: () => number;
  readonly #latencies: number[] = [];
  #windows = 0;
  #largest = 0;
  #total = 0;

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get totalMs(): number {
    return this.#total;
  }

  /** From a window's last sample to its probabilities: the median of the last windows, the largest of all. */
  get latencyMs(): { median: number; largest: number } | null {
    if (this.#windows === 0) return null;
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return { median: sorted[sorted.length >> 1]!, largest: this.#largest };
  }

  /** Runs one piece of work; the windows that it predicted took equally long. */
  measure<Result>(stream: { readonly windows: number }, work: () => Result): Result {
    const [start, before] = [this.#now(), stream.windows];
    const result = work();
    const elapsed = this.#now() - start;
    const windows = stream.windows - before;
    this.#total += elapsed;
    if (windows === 0) return result;
    this.#latencies[this.#windows % KEPT] = elapsed / windows;
    this.#largest = Math.max(this.#largest, elapsed / windows);
    this.#windows++;
    return result;
  }
}
