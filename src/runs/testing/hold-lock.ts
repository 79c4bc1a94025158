/** Takes a lock, says so, and holds it until it is killed. */
import { writeSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { ProcessLock } from '../process-lock.ts';

const [path, heartbeatPath] = process.argv.slice(2) as [string, string];
try {
  await ProcessLock.acquire(path, { now: new Date(), heartbeatPath });
  writeSync(1, 'held\n');
  setInterval(() => undefined, 1000);
} catch (error) {
  writeSync(1, `${messageOf(error)}\n`);
}
