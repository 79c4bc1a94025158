import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentOfProcess, type ProcessPlace } from '../config/index.ts';
import { onStarted, reportStart } from './detached-training.ts';
import { listenForSignals } from './signals.ts';

/** How a process ended. */
interface Ended {
  readonly rank: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote last. */
  readonly errors: string;
}

/** Exit codes of a process that has saved and ended on Ctrl-C, SIGTERM or SIGHUP: the others do the same. */
const INTERRUPTED: readonly (number | null)[] = [130, 143, 129];

/** So long the others have to end by themselves, and to write down why, where one has failed. */
const GRACE_MS = 5000;

/** The last of what a process beside the first wrote, shown where it fails. */
const SHOWN_CHARACTERS = 2000;

/**
 * Trains with several processes of this machine: each is this program with the same command line and a part of every
 * batch. The first keeps the run and writes what one alone would. Where one fails, the others are ended.
 *
 * @param parameters of the command line, behind `train`
 * @returns the exit code; whatever there is to say has been said
 */
export async function trainWithProcesses(size: number, parameters: readonly string[]): Promise<number> {
  const children: ChildProcess[] = [];
  const ends = new Map<number, Promise<Ended>>();
  // The processes have process groups of their own, so that Ctrl-C comes to this program alone, which hands it on.
  const forward = (signal: NodeJS.Signals) => void children[0]?.kill(signal);
  using _ = listenForSignals({ hasHangUp: true, onFirst: forward, onLater: forward });
  try {
    let port = 0;
    for (let rank = 0; rank < size; rank++) {
      const child = startProcess({ rank, size, port }, parameters);
      children.push(child);
      ends.set(rank, endOf(child, rank));
      if (rank > 0) continue;
      onStarted(child, reportStart);
      const ready = await Promise.race([portOf(child), ends.get(0)!]);
      if (typeof ready !== 'number') return ready.code ?? 1;
      port = ready;
    }
    return await endOfAll(ends, size);
  } finally {
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await Promise.all(ends.values());
  }
}

/** Waits for all, or until one fails and the others have had their time. */
async function endOfAll(ends: ReadonlyMap<number, Promise<Ended>>, size: number): Promise<number> {
  const left = new Map(ends);
  const next = async () => {
    const end = await Promise.race(left.values());
    left.delete(end.rank);
    return end;
  };
  let code = 0;
  while (left.size > 0) {
    const end = await next();
    if (end.code === 0) continue;
    code = end.code ?? 1;
    if (INTERRUPTED.includes(end.code)) continue;
    const others = Promise.all(left.values());
    await Promise.race([others, new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
    explain(end, size);
    return code;
  }
  return code;
}

function explain({ rank, code, signal, errors }: Ended, size: number): void {
  const which = `process ${rank} of ${size} (counted from 0)`;
  if (signal !== null)
    process.stderr.write(
      `bgb: ${which} was ended by ${signal}, and the others with it. Go on from the last checkpoint with --resume, also with another number of processes.\n`,
    );
  // The first has spoken for itself.
  else if (rank > 0) process.stderr.write(`bgb: ${which} ended with exit code ${code}:\n${errors}`);
}

function startProcess(place: ProcessPlace, parameters: readonly string[]): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const isFirst = place.rank === 0;
  return fork(fileURLToPath(new URL(`./main.${extension}`, import.meta.url)), ['train', ...parameters], {
    detached: true,
    execArgv: [],
    env: environmentOfProcess(place),
    stdio: ['ignore', isFirst ? 'inherit' : 'ignore', isFirst ? 'inherit' : 'pipe', 'ipc'],
  });
}

function endOf(child: ChildProcess, rank: number): Promise<Ended> {
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => {
    errors = `${errors}${text.toString()}`.slice(-SHOWN_CHARACTERS);
  });
  return new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ rank, code, signal, errors })),
  );
}

/** At which the first process listens. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) =>
    child.on('message', (message: { port?: number }) => {
      if (message.port !== undefined) resolve(message.port);
    }),
  );
}
