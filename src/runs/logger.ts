import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Levels of `experiment.log_level`, rising. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A plain line logger: time (UTC), level, message. Lines go to a terminal stream and, once a run folder exists, to
 * its `run.log`. It writes whole lines and no control characters, so that redirected logs stay readable, and
 * writes them at once, so that a process killed in the next moment has said what it knew.
 *
 * @example
 * const logger = new Logger({ level: 'INFO', write: (text) => process.stderr.write(text), now: () => new Date() });
 * logger.info('Training starts at step 0.');   // 12:03:11 INFO     Training starts at step 0.
 */
export class Logger implements Disposable {
  readonly #lowest: number;
  readonly #write: (text: string) => unknown;
  readonly #now: () => Date;
  #file: number | null = null;

  constructor(options: { level: LogLevel; write: (text: string) => unknown; now: () => Date }) {
    this.#lowest = LOG_LEVELS.indexOf(options.level);
    this.#write = options.write;
    this.#now = options.now;
  }

  /** From now on lines are appended to this file too, with the date; it replaces an earlier one. */
  attachFile(path: string): void {
    this.close();
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'a');
  }

  debug(message: string): void {
    this.#log('DEBUG', message);
  }

  info(message: string): void {
    this.#log('INFO', message);
  }

  warning(message: string): void {
    this.#log('WARNING', message);
  }

  error(message: string): void {
    this.#log('ERROR', message);
  }

  /** Closes the file; lines go on to the terminal. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #log(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#lowest) return;
    const at = this.#now().toISOString();
    const line = `${level.padEnd(8)} ${plain(message)}\n`;
    this.#write(`${at.slice(11, 19)} ${line}`);
    if (this.#file !== null) writeSync(this.#file, `${at} ${line}`);
  }
}

/** Further lines of a message are indented; what would move a cursor or colour a terminal is left out. */
function plain(message: string): string {
  return stripVTControlCharacters(message).trimEnd().replaceAll(/\r?\n/g, '\n    ').replaceAll(CONTROL, ' ');
}

/** Control characters other than tab and line feed. */
const CONTROL = /[^\P{Cc}\t\n]/gu;
