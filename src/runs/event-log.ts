/**
 * `events.jsonl`: one line for each step or event of a run, numbered from 0 by `seq`.
 *
 * The log is part of a run's state. A checkpoint records how many lines belong to it; resuming from it moves
 * the later lines to `events.superseded.jsonl` and goes on with the next number, so that the log tells every
 * step once, as an uninterrupted run does, and nothing that happened is lost. A last line torn by a crash is
 * cut. (If a crash falls between the move and the cut, the second file holds those lines twice.)
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BgbError, InputError } from '../errors.ts';
import type { Json } from './checkpoint-state.ts';

/** Values of an event. NaN and infinities are stored as the strings "NaN", "Infinity", "-Infinity". */
export type EventFields = { readonly [field: string]: Json };

/** What reopening a log removed from it. */
export interface LogCut {
  /** Whole lines that were moved to the superseded file. */
  readonly lines: number;
  /** Bytes of a torn last line that were dropped. */
  readonly tornBytes: number;
}

const RESERVED = ['seq', 'at', 'kind', 'step'];

/** An events file open for appending. Lines are written at once, so a killed process loses none. */
export class EventLog implements Disposable {
  readonly path: string;
  readonly #now: () => Date;
  #file: number | null;
  #next: number;

  private constructor(path: string, next: number, now: () => Date) {
    this.path = path;
    this.#next = next;
    this.#now = now;
    this.#file = openSync(path, 'a');
  }

  /** Starts a log. @throws if the file exists. */
  static create(path: string, now: () => Date): EventLog {
    closeSync(openSync(path, 'wx'));
    return new EventLog(path, 0, now);
  }

  /**
   * Reopens a log as it was when it had `keep` lines.
   *
   * @param supersededPath where later lines go.
   * @throws InputError `RUN_EVENTS` if the lines to keep are not all there and intact.
   */
  static async reopen(
    path: string,
    options: { keep: number; supersededPath: string; now: () => Date },
  ): Promise<{ log: EventLog; cut: LogCut }> {
    const cut = await cutBack(path, options.keep, options.supersededPath);
    return { log: new EventLog(path, options.keep, options.now), cut };
  }

  /** Lines so far, which is the `seq` of the next one. */
  get length(): number {
    return this.#next;
  }

  /**
   * Appends a line.
   *
   * @param step optimiser steps done when it happened.
   */
  append(kind: string, step: number, fields: EventFields = {}): void {
    if (this.#file === null) throw new BgbError('RUN_CLOSED', `${this.path} is closed.`);
    const taken = RESERVED.find((name) => Object.hasOwn(fields, name));
    if (taken !== undefined)
      throw new BgbError('RUN_EVENTS', `An event cannot have a field "${taken}" of its own.`);
    const line = { seq: this.#next, at: this.#now().toISOString(), kind, step, ...fields };
    const bytes = Buffer.from(`${JSON.stringify(line, nonFiniteAsText)}\n`);
    let done = 0;
    while (done < bytes.byteLength) done += writeSync(this.#file, bytes, done);
    this.#next++;
  }

  /** Brings the lines to disk. A checkpoint that counts them is only saved after this. */
  sync(): void {
    if (this.#file !== null) fsyncSync(this.#file);
  }

  /** Syncs and closes the file. */
  close(): void {
    if (this.#file === null) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#file = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function nonFiniteAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

async function cutBack(path: string, keep: number, supersededPath: string): Promise<LogCut> {
  await using file = await openLog(path);
  const { keptBytes, wholeBytes, lines } = await measure(file, path, keep);
  const { size } = await file.stat();
  if (size > keptBytes) {
    await appendRange(file, keptBytes, wholeBytes, supersededPath);
    await file.truncate(keptBytes);
    await file.sync();
  }
  return { lines: lines - keep, tornBytes: size - wholeBytes };
}

/** Checks the lines to keep and finds where they, and all whole lines, end. */
async function measure(file: FileHandle, path: string, keep: number) {
  let lines = 0;
  let position = 0;
  let keptBytes = 0;
  let wholeBytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024 * 1024), 0, 1024 * 1024, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
      if (lines < keep) checkLine(text.subarray(start, end), lines, path);
      wholeBytes += end + 1 - start;
      start = end + 1;
      lines++;
      if (lines === keep) keptBytes = wholeBytes;
    }
    rest = text.subarray(start);
  }
  if (lines < keep) {
    throw damaged(path, `the checkpoint to resume from counts ${keep} lines, but it has ${lines}`);
  }
  return { keptBytes, wholeBytes, lines };
}

function checkLine(line: Buffer, index: number, path: string): void {
  let seq: unknown;
  try {
    seq = (JSON.parse(line.toString('utf8')) as { seq?: unknown } | null)?.seq;
  } catch (cause) {
    throw damaged(path, `line ${index + 1} is not JSON`, cause);
  }
  if (seq !== index)
    throw damaged(path, `line ${index + 1} must have "seq": ${index}, but has ${JSON.stringify(seq)}`);
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (cause) {
    throw damaged(path, 'it cannot be opened', cause);
  }
}

async function appendRange(file: FileHandle, from: number, to: number, path: string): Promise<void> {
  await using target = await open(path, 'a');
  const buffer = Buffer.alloc(1024 * 1024);
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.byteLength, to - at), at);
    await target.writeFile(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  await target.sync();
}

function damaged(path: string, what: string, cause?: unknown): InputError {
  return new InputError(
    'RUN_EVENTS',
    `${path} is not the log of this run's checkpoint: ${what}. ` +
      'Restore the file from a copy of the run folder, or start a new run in another output_dir.',
    cause === undefined ? undefined : { cause },
  );
}
