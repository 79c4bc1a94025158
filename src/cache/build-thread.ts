/** A build thread: builds the entry of each task that arrives. */
import { BgbError, messageOf } from '../errors.ts';
import { answerQuestions } from '../threads/index.ts';
import { buildEntry, type EntryTask } from './build.ts';

answerQuestions((task: EntryTask) =>
  buildEntry(task).catch((error: NodeJS.ErrnoException) => {
    // What the system refuses is said as it is.
    if (error.syscall !== undefined) throw error;
    throw new BgbError('CACHE_BUILD', `${task.name}: ${messageOf(error)}`);
  }),
);
