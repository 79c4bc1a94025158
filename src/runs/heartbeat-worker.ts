import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { type Beat, type BeatResult, type HeartbeatTask, SHARED } from './heartbeat.ts';

const { path, intervalS, shared } = workerData as HeartbeatTask;

async function beat(stopped: boolean): Promise<BeatResult> {
  const content: Beat = {
    pid: process.pid,
    step: Atomics.load(shared, SHARED.step),
    epoch: Atomics.load(shared, SHARED.epoch),
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

let isStopping = false;
while (!isStopping) {
  parentPort!.postMessage(await beat(false));
  isStopping = Atomics.wait(shared, SHARED.stop, 0, intervalS * 1000) !== 'timed-out';
}
parentPort!.postMessage(await beat(true));
