import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 16;

/** Reads the lines of a text file that grows: at first its last ones, later what is new. */
export class TextFollower {
  readonly #path: string;
  readonly #firstLines: number;
  #offset: number | null = null;

  /** @param firstLines how many of the lines that are there already are told */
  constructor(path: string, firstLines: number) {
    this.#path = path;
    this.#firstLines = firstLines;
  }

  /** Whole lines that have not been told yet; of a file that became shorter, all of it. */
  async newLines(): Promise<string[]> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#offset ??= 0;
      return [];
    }
    try {
      const { size } = await file.stat();
      const isFirst = this.#offset === null;
      // Of a long file that was there before, its end is enough.
      const from = isFirst ? Math.max(0, size - CHUNK_BYTES) : this.#offset! > size ? 0 : this.#offset!;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      const bytes = buffer.subarray(0, bytesRead);
      const end = bytes.lastIndexOf(10) + 1;
      this.#offset = from + end;
      const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
      if (!isFirst) return lines;
      const whole = lines.slice(from > 0 ? 1 : 0);
      return whole.slice(Math.max(0, whole.length - this.#firstLines));
    } finally {
      await file.close();
    }
  }
}
