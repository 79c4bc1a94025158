/** What a {@link TerminalScreen} draws on: process.stdout, or a stand-in. */
export interface ScreenStream {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/**
 * A screen that is redrawn as a whole, beside the terminal's own content, which is there again afterwards with what was drawn
 * last below it.
 */
export class TerminalScreen implements Disposable {
  readonly #stream: ScreenStream;
  #lines: readonly string[] = [];
  #isEntered = false;

  constructor(stream: ScreenStream) {
    this.#stream = stream;
  }

  /** Draws what `lines` gives for the terminal as it is now, at most one line less than it has. */
  draw(lines: (size: { columns: number; rows: number }) => readonly string[]): void {
    this.#lines = lines({ columns: this.#stream.columns || 80, rows: this.#stream.rows || 24 });
    const entering = this.#isEntered ? '' : ENTER;
    this.#isEntered = true;
    // Each line clears its own rest, then all below is cleared: no flicker of an empty screen.
    this.#stream.write(`${entering}\x1b[H${this.#lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
  }

  /** Gives the terminal back; what was drawn last stays. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stream.write(`${LEAVE}${this.#lines.map((line) => `${line}\n`).join('')}`);
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}
