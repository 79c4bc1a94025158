/**
 * Output that is read over a connection which may break and start anew from the beginning: each line carries the attempt and
 * its number, so that a reader can tell what it has seen (repeats) and what it has missed (gaps).
 */

export type LineKind = 'text' | 'event';

export interface NumberedLine {
  readonly attempt: number;
  /** From 1 in each attempt. */
  readonly number: number;
  readonly kind: LineKind;
  readonly text: string;
}

const MARKS = { text: '.', event: '!' } as const;
const FORM = /^\[(\d{1,9}):(\d{1,9})\] ([.!]) (.*)$/s;

/** As it is written to standard output, with the line's end. */
export function lineText({ attempt, number, kind, text }: NumberedLine): string {
  return `[${attempt}:${number}] ${MARKS[kind]} ${text}\n`;
}

/** null for a line that no attendant wrote. */
export function parseLine(line: string): NumberedLine | null {
  const [, attempt, number, mark, text] = FORM.exec(line) ?? [];
  if (text === undefined) return null;
  return { attempt: Number(attempt), number: Number(number), kind: mark === '!' ? 'event' : 'text', text };
}

/** Splits pieces of text into lines; what follows the last line's end is kept for the next piece. */
export class LineSplitter {
  #rest = '';

  push(piece: string): string[] {
    const lines = `${this.#rest}${piece}`.split(/\r?\n/);
    this.#rest = lines.pop()!;
    return lines;
  }

  /** What is left when nothing more comes. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

/** A stretch of lines, both included; `to` null: up to the end of that attempt. */
export interface Missing {
  readonly attempt: number;
  readonly from: number;
  readonly to: number | null;
}

/** Lets each numbered line pass once, and in order. */
export class LineGate {
  #attempt: number;
  #number: number;

  /** The last line that was seen elsewhere; from the start unless given. */
  constructor(seen: { attempt: number; number: number } = { attempt: 1, number: 0 }) {
    this.#attempt = seen.attempt;
    this.#number = seen.number;
  }

  /** The last line that passed. */
  get seen(): { attempt: number; number: number } {
    return { attempt: this.#attempt, number: this.#number };
  }

  /** Whether the line is new, and what must be fetched before it can pass. */
  look({ attempt, number }: NumberedLine): { isNew: boolean; missing: Missing[] } {
    if (attempt < this.#attempt || (attempt === this.#attempt && number <= this.#number))
      return { isNew: false, missing: [] };
    const missing: Missing[] = [];
    if (attempt === this.#attempt) {
      if (number > this.#number + 1) missing.push({ attempt, from: this.#number + 1, to: number - 1 });
      return { isNew: true, missing };
    }
    missing.push({ attempt: this.#attempt, from: this.#number + 1, to: null });
    for (let between = this.#attempt + 1; between < attempt; between++)
      missing.push({ attempt: between, from: 1, to: null });
    if (number > 1) missing.push({ attempt, from: 1, to: number - 1 });
    return { isNew: true, missing };
  }

  pass({ attempt, number }: NumberedLine): void {
    this.#attempt = attempt;
    this.#number = number;
  }
}
