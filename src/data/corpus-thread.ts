/** A thread that reads recordings of a corpus, the next one that none has, until there are none or one cannot be read. */
import { parentPort, workerData } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { readInto } from './corpus.ts';
import { type CorpusTask, planOf, type Unreadable } from './corpus-threads.ts';

const task = workerData as CorpusTask;
const plan = planOf(task);
try {
  for (;;) {
    const index = Atomics.add(task.next, 0, 1);
    if (index >= plan.recordings.length) break;
    readInto(plan, index);
  }
} catch (error) {
  const failure: Unreadable = {
    code: error instanceof BgbError ? error.code : 'CACHE_READ',
    message: messageOf(error),
  };
  parentPort!.postMessage(failure);
}
