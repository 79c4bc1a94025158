/** A build thread: builds the entry of each task that arrives. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { buildEntry, type EntryTask } from './build.ts';
import type { BuildAnswer } from './build-pool.ts';

parentPort!.on('message', async (task: EntryTask) => {
  const answer: BuildAnswer = await buildEntry(task).then(
    (result) => ({ result }),
    (error: NodeJS.ErrnoException) => {
      const { code, syscall, path } = error;
      // Of an error, what the system said does not go from thread to thread by itself.
      if (syscall !== undefined) return { failure: error.message, system: { code, syscall, path } };
      return { failure: `${task.name}: ${messageOf(error)}` };
    },
  );
  parentPort!.postMessage(answer);
});
