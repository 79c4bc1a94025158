import { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { makeRecording, type SynthResult, type SynthTask } from './recording-files.ts';

/** What a thread answers with; of a refusal by the system also what it refused. */
export type SynthAnswer =
  | { readonly result: SynthResult }
  | {
      readonly failure: string;
      readonly code: string | null;
      readonly path: string | null;
      readonly syscall: string | null;
    };

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
  const threads = Array.from({ length: Math.min(jobs, tasks.length) }, () => new SynthThread(stop));
  const halt = () => {
    next = tasks.length;
    Atomics.store(new Int32Array(stop), 0, 1);
  };
  signal.addEventListener('abort', halt);
  try {
    // All of them, also where one fails: each leaves its recording whole, or nothing of it.
    const ends = await Promise.allSettled(
      threads.map((thread) =>
        work((task) => thread.make(task)).catch((error) => {
          halt();
          throw error;
        }),
      ),
    );
    signal.throwIfAborted();
    for (const end of ends)
      if (end.status === 'rejected' && !(end.reason instanceof Stopped)) throw end.reason;
  } finally {
    signal.removeEventListener('abort', halt);
    await Promise.all(threads.map((thread) => thread.end()));
  }
  return results;
}

class SynthThread {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<SynthResult> | null = null;
  readonly #stop: SharedArrayBuffer;

  constructor(stop: SharedArrayBuffer) {
    this.#stop = stop;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    // Flags of this process, such as those of a test runner or a debugger, are not for the worker.
    this.#worker = new Worker(new URL(`./synth-thread.${extension}`, import.meta.url), {
      execArgv: [],
      env: {},
      workerData: stop,
    });
    this.#worker.on('message', (answer: SynthAnswer) => {
      if ('result' in answer) this.#waiting?.resolve(answer.result);
      else this.#waiting?.reject(this.#errorOf(answer));
    });
    this.#worker.on('error', (error) => this.#fail(messageOf(error)));
    this.#worker.on('exit', (code) => this.#fail(`it ended with code ${code}`));
  }

  make(task: SynthTask): Promise<SynthResult> {
    this.#waiting = Promise.withResolvers<SynthResult>();
    this.#worker.postMessage(task);
    return this.#waiting.promise;
  }

  async end(): Promise<void> {
    this.#waiting?.promise.catch(() => undefined);
    await this.#worker.terminate();
  }

  /** The system's refusals keep their code, so that they are told as in this thread. */
  #errorOf({ failure, code, path, syscall }: Extract<SynthAnswer, { failure: string }>): Error {
    if (isStopped(this.#stop)) return new Stopped();
    if (syscall !== null) return Object.assign(new Error(failure), { code, path, syscall });
    return new BgbError('SYNTH_RECORDING', failure);
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new BgbError('SYNTH_THREAD', `a thread that makes recordings failed: ${reason}`));
  }
}
