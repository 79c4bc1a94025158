import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, messageOf } from '../errors.ts';
import { makeFolder } from '../files/index.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { listenForSignals } from './signals.ts';

/** A training that outlives this process. */
export interface DetachedTraining {
  readonly pid: number;
  readonly folder: string;
  /** What it writes to standard output and error; `run.log` is beside it. */
  readonly output: string;
}

/** What a training says over IPC to who started it. */
interface StartMessage {
  readonly started: true;
}

/** Says that this training has started, to who has asked for it with `--report-start`. */
export function reportStart(): void {
  // Who asked may be gone by now, which is no harm to the training.
  if (process.connected) process.send!({ started: true } satisfies StartMessage, () => undefined);
}

/** Calls back when a process says that its training has started. */
export function onStarted(child: ChildProcess, callback: () => void): void {
  child.on('message', (message) => {
    if (typeof message === 'object' && message !== null && 'started' in message) callback();
  });
}

/**
 * Starts `bgb train` in a session of its own, which no terminal ends, and waits until it has checked everything, holds the
 * run and begins to train.
 *
 * @param folder of the run
 * @param parameters of the command line, behind `train`
 * @throws SaidAlready with its exit code where it does not get so far; what it wrote is then on standard error, and nothing is
 * left in `folder`. Interruption on a signal meanwhile, which ends it.
 */
export async function trainDetached(
  folder: string,
  parameters: readonly string[],
  now: Date,
): Promise<DetachedTraining> {
  const { file, path, made } = await openOutput(folder, now);
  using signals = listenForSignals({ hasHangUp: true });
  const child = startSession(file, parameters);
  await file.close();
  const ended = new Promise<number>((done) => {
    child.once('error', () => done(1));
    child.once('exit', (code) => done(code ?? 1));
  });
  const started = new Promise<null>((done) => onStarted(child, () => done(null)));
  signals.signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const code = await Promise.race([started, ended]);
  if (code === null && signals.received !== null) {
    await ended;
    throw new Interruption(
      signals.received,
      `the run in ${folder} had just started; it has saved and ended.`,
    );
  }
  if (code === null) {
    child.disconnect();
    child.unref();
    return { pid: child.pid!, folder, output: path };
  }
  process.stderr.write(await readFile(path));
  await rm(path);
  await removeMade(folder, made);
  if (signals.received !== null) throw new Interruption(signals.received, 'not started.');
  throw new SaidAlready(code);
}

function startSession(output: FileHandle, parameters: readonly string[]): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const main = fileURLToPath(new URL(`./main.${extension}`, import.meta.url));
  return spawn(process.execPath, [...process.execArgv, main, 'train', ...parameters, '--report-start'], {
    // setsid(2): closing a terminal ends the processes of its session.
    detached: true,
    stdio: ['ignore', output.fd, output.fd, 'ipc'],
  });
}

/** The file that takes the output, in the run's folder, and the first folder that had to be made for it. */
async function openOutput(folder: string, now: Date) {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = join(folder, `output-${stamp}-${process.pid}.log`);
  try {
    const made = await makeFolder(resolve(folder));
    return { file: await open(path, 'ax'), path, made };
  } catch (cause) {
    throw new InputError('RUN_FOLDER', `Cannot write to the output_dir ${folder}: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

/** Removes the folders that were made, unless something is in them by now. */
async function removeMade(folder: string, made: string | null): Promise<void> {
  if (made === null) return;
  const first = resolve(made);
  for (let at = resolve(folder); at.startsWith(first); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
