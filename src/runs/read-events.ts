/** Reading `events.jsonl`, also of a run that is being written, and of one that was killed while it wrote. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';
import type { Json } from './checkpoint-state.ts';

/** A line of the log. */
export interface RunEvent {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  /** Optimiser steps done when it happened. */
  readonly step: number;
  readonly [field: string]: Json | undefined;
}

/**
 * The events of a log, in order, one line in memory at a time. A last line without an end is being written, or was torn by a
 * crash: it is left out.
 *
 * @throws InputError `RUN_EVENTS` where the file cannot be read or a line is none that bgb wrote
 */
export async function* readEvents(path: string): AsyncGenerator<RunEvent> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        line++;
        const event = parseEvent(bytes.toString('utf8', start, end));
        if (event === null)
          throw new InputError(
            'RUN_EVENTS',
            `Line ${line} of ${path} is no event that bgb wrote. Restore the file from a copy.`,
          );
        yield event;
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('RUN_EVENTS', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
  }
}

const LINE_FEED = 10;

/** An event of a line; null for a line that is none. */
export function parseEvent(line: string): RunEvent | null {
  try {
    const event = JSON.parse(line) as Partial<RunEvent> | null;
    const isEvent =
      typeof event === 'object' &&
      event !== null &&
      Number.isInteger(event.seq) &&
      Number.isInteger(event.step) &&
      typeof event.kind === 'string' &&
      typeof event.at === 'string';
    return isEvent ? (event as RunEvent) : null;
  } catch {
    return null;
  }
}

/** A number of an event, NaN and infinities too; null where the field holds none. */
export function numberIn(event: RunEvent, field: string): number | null {
  const value = event[field];
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : null;
}

/**
 * The last events of a log, in order: those that lie in its last `bytes`, so that a long log costs no more than a short one.
 * A line that cannot be read is left out.
 *
 * @throws InputError `RUN_EVENTS` where the file cannot be read
 */
export async function readLastEvents(path: string, bytes: number): Promise<RunEvent[]> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const from = Math.max(0, size - bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    // Unless it is the file's first, the first line is a part of one.
    const whole = text.slice(from === 0 ? 0 : text.indexOf('\n') + 1, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .map(parseEvent)
      .filter((event) => event !== null);
  } catch (cause) {
    throw new InputError('RUN_EVENTS', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
  }
}
