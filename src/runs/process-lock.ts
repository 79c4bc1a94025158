/**
 * One process at a time writes a run. The lock is a file with the process's number and start time, so that a
 * number given to another process later is not mistaken for its holder. Across machines, such as two
 * containers on one volume, process numbers mean nothing; there the heartbeat tells whether the holder lives.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { BgbError, InputError } from '../errors.ts';
import { sha256 } from '../files/index.ts';

const holder = z.object({
  token: z.string(),
  pid: z.int(),
  /** Start of the process in clock ticks since boot, from /proc. */
  process_started: z.string(),
  /** Hash of the boot and the process-number space: equal where `pid` can be looked up. */
  machine: z.string(),
  at: z.iso.datetime(),
});
type Holder = z.infer<typeof holder>;

const beat = z.object({ at: z.iso.datetime(), interval_s: z.number(), stopped: z.boolean() });

/** Without any heartbeat, a lock of another machine counts as held for this long. */
const START_S = 120;
/** Beats that may be late or missing before a holder on another machine counts as gone, and grace on top. */
const MISSED_BEATS = 3;
const GRACE_S = 30;

/** A lock that this process holds. */
export class ProcessLock implements AsyncDisposable {
  /** What was found and done when an ended process had left its lock behind, else null. */
  readonly notice: string | null;
  readonly #path: string;
  readonly #text: string;

  private constructor(path: string, text: string, notice: string | null) {
    this.#path = path;
    this.#text = text;
    this.notice = notice;
  }

  /**
   * Takes the lock, also from a holder that has ended.
   *
   * @param path of the lock file; its folder exists.
   * @param options.heartbeatPath where a holder on another machine leaves its signs of life.
   * @throws InputError `RUN_LOCKED` if a living process holds it.
   */
  static async acquire(path: string, options: { now: Date; heartbeatPath: string }): Promise<ProcessLock> {
    const token = randomBytes(6).toString('hex');
    const text = `${JSON.stringify(await thisProcess(token, options.now))}\n`;
    let notice: string | null = null;
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await createWhole(path, text, token)) return new ProcessLock(path, text, notice);
      const found = await readOrNull(path);
      if (found === null) continue;
      const current = parse(found);
      if (current && (await isAlive(current, options))) {
        throw new InputError(
          'RUN_LOCKED',
          `${dirname(path)} is being written by process ${current.pid} since ${current.at}. ` +
            'Wait for it, stop it, or use another output_dir.',
        );
      }
      if (await removeExactly(path, found, token)) {
        const who = current
          ? `process ${current.pid}, which held it since ${current.at}`
          : 'an unknown process';
        notice = `Took over the lock of ${who} and has ended.`;
      }
    }
    throw new BgbError('RUN_LOCKED', `Could not take ${path}: other processes keep taking it. Try again.`);
  }

  /** Whether this process still holds the lock; false once another machine took it for abandoned. */
  async isHeld(): Promise<boolean> {
    return (await readOrNull(this.#path)) === this.#text;
  }

  async release(): Promise<void> {
    if (await this.isHeld()) await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

async function thisProcess(token: string, now: Date): Promise<Holder> {
  return {
    token,
    pid: process.pid,
    process_started: (await processStart(process.pid)) ?? '',
    machine: await machineId(),
    at: now.toISOString(),
  };
}

async function isAlive(current: Holder, options: { now: Date; heartbeatPath: string }): Promise<boolean> {
  if (current.machine === (await machineId())) {
    return (await processStart(current.pid)) === current.process_started;
  }
  const lastBeat = beat.safeParse(parseJson((await readOrNull(options.heartbeatPath)) ?? ''));
  const ageS = (at: string) => (options.now.getTime() - Date.parse(at)) / 1000;
  if (!lastBeat.success || Date.parse(lastBeat.data.at) < Date.parse(current.at))
    return ageS(current.at) < START_S;
  const { at, interval_s: intervalS, stopped } = lastBeat.data;
  return !stopped && ageS(at) < MISSED_BEATS * intervalS + GRACE_S;
}

/** Field 22 of /proc/PID/stat, counted after the command name, which may hold blanks; null if not running. */
async function processStart(pid: number): Promise<string | null> {
  const stat = await readOrNull(`/proc/${pid}/stat`);
  return stat === null ? null : (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null);
}

async function machineId(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return sha256(`${boot}${await readlink('/proc/self/ns/pid')}`).slice(0, 16);
}

/** Creates the file with its whole content in one step, unless it exists. */
async function createWhole(path: string, text: string, token: string): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${token}.tmp`);
  await writeFile(temporary, text);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  // Mounts without hard links: the content follows the creation, and a reader may see it empty in between.
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes the file only if it still has this content, also when several processes try to at once. */
async function removeExactly(path: string, content: string, token: string): Promise<boolean> {
  const aside = join(dirname(path), `.${basename(path)}.${token}.tmp`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved !== content) {
    // Another process was faster, and this is its new lock: put it back.
    await link(aside, path).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }
  await rm(aside, { force: true });
  return moved === content;
}

function parse(text: string): Holder | null {
  const parsed = holder.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
