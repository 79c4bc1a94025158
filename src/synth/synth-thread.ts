/** A thread that makes recordings: one for each task that arrives, until it is told to stop. */
import { workerData } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { answerQuestions } from '../threads/index.ts';
import { makeRecording, type SynthTask } from './recording-files.ts';
import { isStopped, Stopped } from './synth-pool.ts';

const stop = workerData as SharedArrayBuffer;

answerQuestions((task: SynthTask) => {
  const throwIfStopped = () => {
    if (isStopped(stop)) throw new Stopped();
  };
  return makeRecording(task, throwIfStopped).catch((error: NodeJS.ErrnoException) => {
    // What the system refuses is said as it is.
    if (error.syscall !== undefined) throw error;
    throw new BgbError('SYNTH_RECORDING', messageOf(error));
  });
});
