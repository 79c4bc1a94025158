import type { StandInContainer } from './container.ts';

/** A call of a function: its container is started again when it is taken away, and when the function raises, some times. */
export class FunctionCallHere {
  readonly ended: Promise<void>;
  /** What came of it: 0 for a function that returned. */
  result: number | null = null;
  /** The containers so far, the last one running unless it has ended. */
  readonly containers: StandInContainer[] = [];
  #isCancelled = false;

  constructor(start: (attempt: number) => StandInContainer, retries = 10) {
    this.ended = this.#run(start, retries);
  }

  async #run(start: (attempt: number) => StandInContainer, retries: number): Promise<void> {
    for (let attempt = 1, raised = 0; ; attempt++) {
      const container = start(attempt);
      this.containers.push(container);
      const end = await container.ended;
      if (this.#isCancelled) this.result = 1;
      else if (end.kind === 'exited' && (end.code === 0 || ++raised > retries)) this.result = end.code;
      else continue;
      return;
    }
  }

  cancel(isTerminating: boolean): void {
    this.#isCancelled = true;
    const last = this.containers.at(-1);
    if (last === undefined || last.end !== null) return;
    if (isTerminating) last.kill('terminated');
    // As Modal's client takes it: an exception in the middle of the function (modal_stub.py).
    else last.signal('SIGUSR1');
  }
}
