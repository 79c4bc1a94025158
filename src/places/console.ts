import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import { type LineKind, lineText } from './numbered-lines.ts';

const KEPT_LINES = 20;

/** Writes an attempt's lines, numbered, to standard output and to a file of the results, where line n is number n. */
export class Console implements Disposable {
  readonly #attempt: number;
  readonly #write: (text: string) => unknown;
  readonly #last: string[] = [];
  #file: number | null = null;
  #number = 0;

  /** @param path of the file; what cannot be written there is said once and goes to standard output alone */
  constructor(attempt: number, path: string, write: (text: string) => unknown) {
    this.#attempt = attempt;
    this.#write = write;
    this.#tryFile(() => {
      this.#file = openSync(path, 'w');
    });
  }

  line(text: string, kind: LineKind = 'text'): void {
    const line = lineText({ attempt: this.#attempt, number: ++this.#number, kind, text });
    if (kind === 'text') {
      this.#last.push(text);
      if (this.#last.length > KEPT_LINES) this.#last.shift();
    }
    // First to standard output: what goes wrong with the file is said in the next line.
    this.#write(line);
    this.#tryFile((file) => writeSync(file, line));
  }

  event(content: object): void {
    this.line(JSON.stringify(content), 'event');
  }

  /** The last lines of text. */
  get last(): readonly string[] {
    return this.#last;
  }

  sync(): void {
    this.#tryFile((file) => fsyncSync(file));
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #close(): void {
    const file = this.#file;
    this.#file = null;
    try {
      if (file !== null) closeSync(file);
    } catch {
      // What a disk without space has left of it cannot be told to the file itself.
    }
  }

  #tryFile(use: (file: number) => unknown): void {
    if (this.#file === null && this.#number > 0) return;
    try {
      use(this.#file ?? -1);
    } catch (error) {
      this.#close();
      this.line(`What follows is not kept with the run: ${messageOf(error)}`);
    }
  }
}
