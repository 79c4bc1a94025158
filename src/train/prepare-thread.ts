/** Prepares the recordings whose paths arrive; see prepare-in-turn.ts. */
import { workerData } from 'node:worker_threads';
import { answerQuestions } from '../threads/index.ts';
import { type Preparation, prepare } from './prepare.ts';

answerQuestions(
  (path: string) => prepare(path, workerData as Preparation),
  ({ signal }) => [signal.buffer as ArrayBuffer],
);
