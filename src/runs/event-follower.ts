import { type FileHandle, open } from 'node:fs/promises';
import { parseEvent, type RunEvent } from './read-events.ts';

/** Who is told what a log says. */
export interface EventReader {
  readonly onEvent: (event: RunEvent) => void;
  /** The log was cut back, as when a run is resumed: it is told again from its start. */
  readonly onRestart: () => void;
}

const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/**
 * Reads a log that grows, only what is new at each look. A last line without an end is read when it is whole. What was read
 * last is compared at each look, so that a log that was cut back is noticed even when it has grown beyond it since.
 */
export class EventFollower {
  readonly #path: string;
  #offset = 0;
  /** The last line read, with its end. */
  #lastLine: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** Tells what is new. A log that is not there has nothing to tell yet. */
  async look({ onEvent, onRestart }: EventReader): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      if (!(await this.#isSame(file))) {
        this.#offset = 0;
        this.#lastLine = Buffer.alloc(0);
        onRestart();
      }
      await this.#readOn(file, onEvent);
    } finally {
      await file.close();
    }
  }

  async #isSame(file: FileHandle): Promise<boolean> {
    const { length } = this.#lastLine;
    if (length === 0) return true;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#offset - length);
    return bytesRead === length && buffer.equals(this.#lastLine);
  }

  async #readOn(file: FileHandle, onEvent: (event: RunEvent) => void): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const at = this.#offset + rest.length;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        const event = parseEvent(bytes.toString('utf8', start, end));
        if (event !== null) onEvent(event);
        this.#lastLine = Buffer.from(bytes.subarray(start, end + 1));
        start = end + 1;
      }
      this.#offset += start;
      rest = bytes.subarray(start);
    }
  }
}
