/** A thread that makes recordings: one for each task that arrives, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { makeRecording, type SynthTask } from './recording-files.ts';
import { isStopped, Stopped, type SynthAnswer } from './synth-pool.ts';

const stop = workerData as SharedArrayBuffer;

parentPort!.on('message', async (task: SynthTask) => {
  const throwIfStopped = () => {
    if (isStopped(stop)) throw new Stopped();
  };
  const answer: SynthAnswer = await makeRecording(task, throwIfStopped).then(
    (result) => ({ result }),
    (error) => ({
      failure: messageOf(error),
      code: (error as { code?: string }).code ?? null,
      path: (error as { path?: string }).path ?? null,
      syscall: (error as { syscall?: string }).syscall ?? null,
    }),
  );
  parentPort!.postMessage(answer);
});
