import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EventFollower } from './event-follower.ts';
import { RunCurves } from './run-curves.ts';
import { RUN_FILES } from './run-record.ts';
import { isGoingOn, type RunStatus, readRunStatus } from './run-status.ts';

/** A run at one moment. */
export interface WatchedRun {
  readonly status: RunStatus;
  readonly curves: RunCurves;
}

/** A run that seems to have ended badly is looked at again after so long: another process may be taking it over. */
const CONFIRM_MS = 500;

/**
 * Looks at a run again and again until it has ended; the last look says how. Reads what is new, in bounded memory.
 *
 * @param options.everyMs between two looks
 * @param options.signal ends it, without a further look
 * @param options.hasCurves false: only how the run stands, which needs the end of its log alone
 * @throws InputError as `readRunStatus`
 */
export async function* watchRun(
  folder: string,
  options: {
    readonly everyMs: number;
    readonly now: () => Date;
    readonly signal: AbortSignal;
    readonly hasCurves?: boolean;
  },
): AsyncGenerator<WatchedRun> {
  const { everyMs, now, signal, hasCurves = true } = options;
  const follower = new EventFollower(join(folder, RUN_FILES.events));
  let curves = new RunCurves();
  while (!signal.aborted) {
    // The status first: what a run that has ended wrote before is read after.
    const status = await readEnded(folder, now, signal);
    if (hasCurves)
      await follower.look({
        onEvent: (event) => curves.add(event),
        onRestart: () => {
          curves = new RunCurves();
        },
      });
    yield { status: hasCurves ? { ...status, recent: curves.recent } : status, curves };
    if (!isGoingOn(status.state)) return;
    await pause(everyMs, signal);
  }
}

async function readEnded(folder: string, now: () => Date, signal: AbortSignal): Promise<RunStatus> {
  const status = await readRunStatus(folder, now());
  if (!['failed', 'killed', 'unknown'].includes(status.state)) return status;
  await pause(CONFIRM_MS, signal);
  return readRunStatus(folder, now());
}

/** Ends early when aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
