/** Prepares the recordings that arrive, one at a time; see prepare-in-turn.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { InputError, messageOf } from '../errors.ts';
import { type Preparation, prepare } from './prepare.ts';
import type { PrepareAnswer } from './prepare-in-turn.ts';

parentPort!.on('message', async (path: string) => {
  const answer = await prepare(path, workerData as Preparation).then(
    (prepared): PrepareAnswer => ({ prepared }),
    (error: unknown): PrepareAnswer =>
      error instanceof InputError
        ? { refusal: { code: error.code, message: error.message } }
        : { failure: `${path}: ${messageOf(error)}` },
  );
  // The samples are handed over, not copied.
  const buffers = 'prepared' in answer ? [answer.prepared.signal.buffer as ArrayBuffer] : [];
  parentPort!.postMessage(answer, buffers);
});
