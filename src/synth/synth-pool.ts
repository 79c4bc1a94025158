import { AnsweringThread } from '../threads/index.ts';
import { makeRecording, type SynthResult, type SynthTask } from './recording-files.ts';

/** A recording was given up since the command was interrupted. */
export class Stopped extends Error {}

/** Whether the command was interrupted, as the memory shared by its threads says. */
export function isStopped(stop: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(stop), 0) !== 0;
}

/**
 * Makes recordings on several threads, with one job in this one. The list that is returned is in the order of tasks.
 *
 * @throws the reason of `signal` when it is aborted: every file is then whole or not there
 */
export async function makeRecordings(
  tasks: readonly SynthTask[],
  jobs: number,
  signal: AbortSignal,
  onResult: (result: SynthResult) => void,
): Promise<SynthResult[]> {
  const results: SynthResult[] = [];
  let next = 0;
  const work = async (make: (task: SynthTask) => Promise<SynthResult>) => {
    while (next < tasks.length) {
      signal.throwIfAborted();
      const index = next++;
      const result = await make(tasks[index]!);
      results[index] = result;
      onResult(result);
    }
  };
  if (Math.min(jobs, tasks.length) <= 1) {
    await work((task) => makeRecording(task, () => signal.throwIfAborted()));
    return results;
  }
  const stop = new SharedArrayBuffer(4);
  const threads = Array.from(
    { length: Math.min(jobs, tasks.length) },
    () =>
      new AnsweringThread<SynthTask, SynthResult>('./synth-thread', import.meta.url, {
        ...{ data: stop, code: 'SYNTH_THREAD', does: 'makes recordings' },
      }),
  );
  const halt = () => {
    next = tasks.length;
    Atomics.store(new Int32Array(stop), 0, 1);
  };
  signal.addEventListener('abort', halt);
  try {
    // All of them, also where one fails: each leaves its recording whole, or nothing of it.
    const ends = await Promise.allSettled(
      threads.map((thread) =>
        work((task) => thread.ask(task)).catch((error) => {
          const isOver = isStopped(stop);
          halt();
          throw isOver ? new Stopped() : error;
        }),
      ),
    );
    signal.throwIfAborted();
    for (const end of ends)
      if (end.status === 'rejected' && !(end.reason instanceof Stopped)) throw end.reason;
  } finally {
    signal.removeEventListener('abort', halt);
    await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
  return results;
}
