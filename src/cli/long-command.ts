import type { Environment } from '../config/index.ts';
import { Progress } from './progress.ts';
import { endProcess, listenForSignals } from './signals.ts';

/** What commands that work through a list share: progress to watch, and an end by Ctrl-C or SIGTERM. */
export class LongCommand implements Disposable {
  readonly #signals = listenForSignals({ onLater: endProcess });
  readonly #label: string;
  readonly #unit: string;
  readonly #isPlain: boolean;
  #progress: { readonly label: string; readonly bar: Progress } | null = null;

  /**
   * @param label what is being done, as in `Building cache`
   * @param unit what is counted, in the plural
   */
  constructor(label: string, unit: string, { isProgressPlain }: Pick<Environment, 'isProgressPlain'>) {
    this.#label = label;
    this.#unit = unit;
    this.#isPlain = isProgressPlain;
  }

  /** Aborted by Ctrl-C or SIGTERM. */
  get signal(): AbortSignal {
    return this.#signals.signal;
  }

  /** @param label of what is done first, where that is something else */
  update(done: number, total: number, what: string, label = this.#label): void {
    if (this.#progress?.label !== label) this.end();
    this.#progress ??= { label, bar: this.#begin(label, total) };
    this.#progress.bar.update(done, what);
  }

  /** Prints a line above the progress. */
  print(line: string): void {
    if (this.#progress === null) process.stderr.write(`${line}\n`);
    else this.#progress.bar.print(line);
  }

  /** Ends the progress, so that results can be printed. */
  end(): void {
    this.#progress?.bar[Symbol.dispose]();
    this.#progress = null;
  }

  [Symbol.dispose](): void {
    this.end();
    this.#signals[Symbol.dispose]();
  }

  #begin(label: string, total: number): Progress {
    return new Progress({
      label,
      total,
      unit: this.#unit,
      stream: process.stderr,
      isPlain: this.#isPlain,
      now: Date.now,
    });
  }
}
