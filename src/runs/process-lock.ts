/**
 * One process at a time writes a run. The lock is a file with the process's number and start time, so that a
 * number given to another process later is not mistaken for its holder. Across machines, such as two
 * containers on one volume, process numbers mean nothing; there the heartbeat tells whether the holder lives.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
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

/** Taking over lasts milliseconds; a guard this old belongs to a process that ended within them. */
const GUARD_MS = 5000;
const TAKEOVER_WAIT_MS = 20;
const TAKEOVER_ATTEMPTS = 500;

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
    for (let attempt = 0; attempt < TAKEOVER_ATTEMPTS; attempt++) {
      // Losing to another process that starts or ends at the same moment is not an answer yet: look again.
      if (await createWhole(path, text, token)) return new ProcessLock(path, text, null);
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
      if (await replaceExactly(path, found, text, token)) {
        const who = current ? `Process ${current.pid}, which held it since ${current.at},` : 'A process';
        return new ProcessLock(
          path,
          text,
          `${who} ended without releasing its lock; it has been taken over.`,
        );
      }
      await setTimeout(TAKEOVER_WAIT_MS);
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

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** Since when. */
  readonly at: string;
  /** Whether `pid` is a process of this machine. */
  readonly isHere: boolean;
  readonly isAlive: boolean;
}

/** Who holds a lock, or held it when it ended without releasing it; null where nobody does. */
export async function lockHolder(
  path: string,
  options: { now: Date; heartbeatPath: string },
): Promise<LockHolder | null> {
  const found = await readOrNull(path);
  const current = found === null ? null : parse(found);
  if (current === null) return null;
  return {
    pid: current.pid,
    at: current.at,
    isHere: current.machine === (await machineId()),
    isAlive: await isAlive(current, options),
  };
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

/**
 * Replaces the lock of an ended process if it still has this content. Of several processes that try at once,
 * one makes the guard file and the others wait: a plain remove and create would let the second one remove
 * the first one's new lock.
 */
async function replaceExactly(path: string, content: string, text: string, token: string): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${token}.tmp`);
  const guard = `${path}.takeover`;
  try {
    await writeFile(temporary, text);
    if (!(await makeGuard(guard, temporary))) return false;
    try {
      if ((await readOrNull(path)) !== content) return false;
      await rename(temporary, path);
      return true;
    } finally {
      await rm(guard, { force: true });
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes the guard; one that a crash left behind is removed, for the next attempt, by the file system's clock. */
async function makeGuard(guard: string, justWritten: string): Promise<boolean> {
  try {
    await writeFile(guard, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  try {
    const ageMs = (await stat(justWritten)).mtimeMs - (await stat(guard)).mtimeMs;
    if (ageMs > GUARD_MS) await rm(guard, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return false;
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
