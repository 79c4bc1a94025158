import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import {
  ACTIVITIES,
  type Activity,
  type Beat,
  type BeatResult,
  type HeartbeatTask,
  SHARED,
} from './heartbeat.ts';

const { path, intervalS, quietS, shared } = workerData as HeartbeatTask;

function currentActivity(): Activity {
  return ACTIVITIES[Atomics.load(shared, SHARED.activity)] ?? 'training';
}

async function beat(stopped: boolean): Promise<BeatResult> {
  const content: Beat = {
    pid: process.pid,
    step: Atomics.load(shared, SHARED.step),
    epoch: Atomics.load(shared, SHARED.epoch),
    activity: currentActivity(),
    at: new Date().toISOString(),
    monotonic_s: Number(process.hrtime.bigint()) / 1e9,
    interval_s: intervalS,
    stopped,
  };
  try {
    await writeAtomic(path, `${JSON.stringify(content)}\n`);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

let seen = { progress: -1, at: performance.now(), saidAt: performance.now() };

/** Says on standard error, which the blocked main thread does not use now, that something takes long. */
function sayIfQuiet(): void {
  const progress = Atomics.load(shared, SHARED.progress);
  const now = performance.now();
  if (progress !== seen.progress) seen = { progress, at: now, saidAt: now };
  if (quietS === null || now - seen.saidAt < quietS * 1000) return;
  seen.saidAt = now;
  const step = Atomics.load(shared, SHARED.step);
  const what = {
    training: `step ${step + 1} is still running`,
    evaluating: `still evaluating after step ${step}`,
    saving: `still saving the checkpoint of step ${step}`,
  }[currentActivity()];
  const line = `bgb is alive: ${what}, for ${Math.round((now - seen.at) / 1000)} s now\n`;
  try {
    writeSync(2, isatty(2) ? `\r\x1b[2K${line}` : line);
  } catch {
    // Nobody reads standard error any more; the file still says it.
  }
}

let isStopping = false;
while (!isStopping) {
  parentPort!.postMessage(await beat(false));
  sayIfQuiet();
  const pauseS = Math.min(intervalS, quietS ?? Infinity);
  isStopping = Atomics.wait(shared, SHARED.stop, 0, pauseS * 1000) !== 'timed-out';
}
parentPort!.postMessage(await beat(true));
