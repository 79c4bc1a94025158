/** What asks an attempt to end. */
export type Wish = 'stop' | 'limit' | 'signal';

export interface WishesOptions {
  /** Aborted by the signal that asks to save and end. */
  readonly signal: AbortSignal;
  /** ms from now on, whatever the attempt does meanwhile: the place ends it soon after. */
  readonly limitMs: number;
  /** Whether someone has asked to stop for good. */
  readonly isStopWished: () => Promise<boolean>;
  readonly lookEveryMs: number;
  readonly onLimit: () => void;
}

/** Watches over a whole attempt, its checks and its copying as well as its command, for what asks it to end. */
export class Wishes implements Disposable {
  readonly #ending = new AbortController();
  readonly #timers: NodeJS.Timeout[];
  readonly #given: AbortSignal;
  #wish: Wish | null = null;

  constructor({ signal, limitMs, isStopWished, lookEveryMs, onLimit }: WishesOptions) {
    this.#given = signal;
    if (signal.aborted) this.#end('signal');
    signal.addEventListener('abort', this.#onSignal);
    this.#timers = [
      setTimeout(() => {
        if (this.#wish === null) onLimit();
        this.#end('limit');
      }, limitMs),
      setInterval(() => void isStopWished().then((is) => is && this.#end('stop')), lookEveryMs),
    ];
  }

  /** The first that came; a wish to stop for good counts above the others. */
  get wish(): Wish | null {
    return this.#wish;
  }

  /** Aborted by the first. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#given.removeEventListener('abort', this.#onSignal);
  }

  readonly #onSignal = () => this.#end('signal');

  #end(why: Wish): void {
    if (this.#wish === null || why === 'stop') this.#wish = why;
    this.#ending.abort();
  }
}
