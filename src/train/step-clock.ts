/** Where the time of a step went, in seconds of the wall clock. */
export interface StepTiming {
  /** From the end of the step before. */
  readonly total: number;
  /** Until readers had the windows. */
  readonly waiting: number;
  /** Gathering and scaling windows, and sending them to the device. */
  readonly copying: number;
}

/**
 * Times steps as the loop sees them. On a GPU, which works behind the loop, a single step's time says little; over the
 * steps of an interval it is the GPU's, since the loop can only run a little ahead.
 */
export class StepClock {
  readonly #now: () => number;
  #since: number | null = null;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The time, in ms. */
  get now(): number {
    return this.#now();
  }

  /** A step begins; time since the one before counts to it, unless something else came between. */
  begin(): void {
    this.#since ??= this.#now();
  }

  /** @param fetchedMs spent on getting windows; @param waitedMs of it, spent waiting for readers */
  end(fetchedMs: number, waitedMs: number): StepTiming {
    const now = this.#now();
    const total = (now - (this.#since ?? now)) / 1000;
    this.#since = now;
    return { total, waiting: waitedMs / 1000, copying: Math.max(0, fetchedMs - waitedMs) / 1000 };
  }

  /** Something that is no step comes now, such as an evaluation. */
  pause(): void {
    this.#since = null;
  }
}
