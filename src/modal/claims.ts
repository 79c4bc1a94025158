import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { sha256 } from '../files/index.ts';

/** Claims that this process holds now. */
const held = new Set<string>();

/**
 * What a named container is marked with, so that whoever finds it can tell whose it is: the machine, the process and the one
 * occasion it was made for. A process that was killed leaves its claims behind; the next one on that machine sees it.
 */
export class Claim implements Disposable {
  readonly text = [machine(), process.pid, randomBytes(8).toString('hex')].join('-');

  constructor() {
    held.add(this.text);
  }

  [Symbol.dispose](): void {
    held.delete(this.text);
  }
}

/** Whether nobody holds it any more; of other machines' claims one cannot know. */
export function isAbandoned(claim: string): boolean {
  const [host, pid] = claim.split('-');
  if (host !== machine()) return false;
  return Number(pid) === process.pid ? !held.has(claim) : !isAlive(Number(pid));
}

/** Tells machines apart without naming them. */
function machine(): string {
  return sha256(hostname()).slice(0, 8);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
