import { numberIn, type RunEvent, readRunEvents } from '../runs/index.ts';

/** Steps that a log may number; one that numbers more is damaged, and would take up all memory. */
const MOST_STEPS = 100_000_000;

/** The loss, learning rate and windows of each step of a run, in 25 bytes a step, so that logs of millions of steps can be compared. */
export class StepRecords {
  /** The last step; 0 before the first. Steps count from 1. */
  last = 0;
  #losses = new Float64Array(1024);
  #learningRates = new Float64Array(1024);
  #windows = new BigUint64Array(1024);
  /** Of each step, whether there is one, and whether its windows are known. */
  #known = new Uint8Array(1024);

  /** Of a step that was done again, the last. @throws InputError `RUN_EVENTS` where the log cannot be read */
  static async read(folder: string): Promise<StepRecords> {
    const records = new StepRecords();
    for await (const event of readRunEvents(folder)) if (event.kind === 'step') records.#add(event);
    return records;
  }

  has(step: number): boolean {
    return (this.#known[step] ?? 0) > 0;
  }

  loss(step: number): number {
    return this.#losses[step]!;
  }

  /** 0 where the run did not record it. */
  learningRate(step: number): number {
    return this.#learningRates[step]!;
  }

  /** The hash of the step's windows; null where the run did not record it. */
  windows(step: number): bigint | null {
    return this.#known[step] === 2 ? this.#windows[step]! : null;
  }

  #add(event: RunEvent): void {
    const { step, windows } = event;
    if (step < 1 || step > MOST_STEPS) return;
    if (step >= this.#losses.length) this.#grow(step + 1);
    this.last = Math.max(this.last, step);
    this.#losses[step] = numberIn(event, 'loss') ?? Number.NaN;
    this.#learningRates[step] = numberIn(event, 'learning_rate') ?? 0;
    const hash =
      typeof windows === 'string' && /^[0-9a-f]{16}$/.test(windows) ? BigInt(`0x${windows}`) : null;
    this.#windows[step] = hash ?? 0n;
    this.#known[step] = hash === null ? 1 : 2;
  }

  #grow(least: number): void {
    const size = Math.max(least, 2 * this.#losses.length);
    const grown = <T extends { set(array: T): void }>(array: T, into: T): T => {
      into.set(array);
      return into;
    };
    this.#losses = grown(this.#losses, new Float64Array(size));
    this.#learningRates = grown(this.#learningRates, new Float64Array(size));
    this.#windows = grown(this.#windows, new BigUint64Array(size));
    this.#known = grown(this.#known, new Uint8Array(size));
  }
}
