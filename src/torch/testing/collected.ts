import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { liveTensors } from '../index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * How many tensors live once those that earlier tests let go of are gone: to be asked before what is tested, after which the
 * count is exact, since there is nothing left that a collector could take meanwhile.
 */
export async function liveAfterCollection(): Promise<number> {
  for (let before = Number.POSITIVE_INFINITY, rounds = 0; rounds < 20; rounds++) {
    collect();
    // Finalisers run in a turn of their own.
    await nextTurn();
    await nextTurn();
    if (liveTensors() === before) break;
    before = liveTensors();
  }
  return liveTensors();
}
