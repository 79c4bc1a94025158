import { setTimeout } from 'node:timers/promises';
import { InputError, messageOf } from '../errors.ts';
import { isGoingOn, type RunStatus, readRunStatus } from './run-status.ts';

const LOOK_MS = 200;

/**
 * Asks a run of this machine to save and end, and waits until it has.
 *
 * @param options.waitS how long to wait at most; 0: not at all
 * @param options.onAsked told when the run has been asked
 * @param options.signal ends the waiting
 * @returns how it stands then: it may still go on, or have ended before
 * @throws InputError `RUN_ELSEWHERE` for one of another machine, `RUN_SIGNAL` where its process is another user's; as
 * `readRunStatus`
 */
export async function stopRun(
  folder: string,
  options: {
    readonly waitS: number;
    readonly now: () => Date;
    readonly onAsked: () => void;
    readonly signal: AbortSignal;
  },
): Promise<RunStatus> {
  const { waitS, now, signal } = options;
  let status = await readRunStatus(folder, now());
  if (!isGoingOn(status.state) || status.process === null) return status;
  if (!status.process.isHere)
    throw new InputError(
      'RUN_ELSEWHERE',
      `${status.name} runs on ${status.remote ?? 'another machine, or in another container'}, not here. Stop it there.`,
    );
  sendSignal(status.process.pid, status.name);
  options.onAsked();
  const until = now().getTime() + waitS * 1000;
  while (isGoingOn(status.state) && now().getTime() < until && !signal.aborted) {
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => undefined);
    status = await readRunStatus(folder, now());
  }
  return status;
}

function sendSignal(pid: number, name: string): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    // It has ended by itself meanwhile.
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new InputError(
      'RUN_SIGNAL',
      `Process ${pid}, which writes ${name}, cannot be stopped: ${messageOf(cause)}. Whoever started it can.`,
      { cause },
    );
  }
}
