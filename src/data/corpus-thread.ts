/** A thread that reads recordings of a corpus, the next one that none has, until there are none or one cannot be read. */
import { parentPort, workerData } from 'node:worker_threads';
import { thrownOf } from '../threads/index.ts';
import { readInto } from './corpus.ts';
import { type CorpusTask, planOf } from './corpus-threads.ts';

const task = workerData as CorpusTask;
const plan = planOf(task);
try {
  for (;;) {
    const index = Atomics.add(task.next, 0, 1);
    if (index >= plan.recordings.length) break;
    readInto(plan, index);
  }
} catch (error) {
  parentPort!.postMessage(thrownOf(error));
}
