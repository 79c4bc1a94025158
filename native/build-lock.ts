import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `body` while no other process builds into this folder: several processes of one training start at once. A lock whose
 * process is gone is taken over.
 */
export async function withBuildLock<T>(
  folder: string,
  say: (line: string) => void,
  body: () => Promise<T>,
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, '.building');
  for (let waited = 0; !tryLock(path); waited++) {
    if (waited === 10) say('another process is building it: waiting');
    await delay(200);
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!isHeld(path)) rmSync(path, { force: true });
  return false;
}

function isHeld(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Empty for a moment after it is made: held.
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    // ESRCH: the process is gone. EPERM: it is another user's. ENOENT: it has just let go.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
