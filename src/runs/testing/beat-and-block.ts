/** Blocks the main thread twice, as libtorch does: in a step, and while it evaluates. */
import { Heartbeat } from '../heartbeat.ts';

const heartbeat = await Heartbeat.start({
  path: process.argv[2]!,
  intervalS: 3600,
  quietS: 0.2,
  onFailure: console.error,
});
const never = new Int32Array(new SharedArrayBuffer(4));
heartbeat.update(7, 1);
Atomics.wait(never, 0, 0, 1500);
heartbeat.enter('evaluating');
Atomics.wait(never, 0, 0, 1500);
await heartbeat.stop();
