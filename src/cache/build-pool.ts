import { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { type BuildResult, buildEntry, type EntryTask } from './build.ts';

/** What a build thread answers with. */
export type BuildAnswer =
  | { readonly result: BuildResult }
  | {
      readonly failure: string;
      /** What else an error of the file system says. */
      readonly system?: Pick<NodeJS.ErrnoException, 'code' | 'syscall' | 'path'>;
    };

/**
 * Builds entries on several threads; with one job in this thread. `onResult` is told of each as it is done, the list
 * that is returned is in the order of the tasks.
 *
 * @throws what a build throws that is no matter of its recording; the reason of `signal` when it is aborted, with
 * every entry whole or not there
 */
export async function buildEntries(
  tasks: readonly EntryTask[],
  jobs: number,
  signal: AbortSignal,
  onResult: (result: BuildResult) => void,
): Promise<BuildResult[]> {
  const results: BuildResult[] = [];
  let next = 0;
  const work = async (build: (task: EntryTask) => Promise<BuildResult>) => {
    while (next < tasks.length) {
      signal.throwIfAborted();
      const index = next++;
      const result = await build(tasks[index]!);
      results[index] = result;
      onResult(result);
    }
  };
  if (Math.min(jobs, tasks.length) <= 1) {
    await work(buildEntry);
    return results;
  }
  const threads = Array.from({ length: Math.min(jobs, tasks.length) }, () => new BuildThread());
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    const all = Promise.all(threads.map((thread) => work((task) => thread.build(task))));
    await Promise.race([all, stop.promise]);
  } finally {
    next = tasks.length;
    signal.removeEventListener('abort', onAbort);
    await Promise.all(threads.map((thread) => thread.end()));
  }
  return results;
}

/** A thread that builds one entry at a time. */
class BuildThread {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<BuildResult> | null = null;

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    // Flags of this process, such as those of a test runner or a debugger, are not for the worker.
    this.#worker = new Worker(new URL(`./build-thread.${extension}`, import.meta.url), {
      execArgv: [],
      env: {},
    });
    this.#worker.on('message', (answer: BuildAnswer) => {
      if ('result' in answer) this.#waiting?.resolve(answer.result);
      else if (answer.system === undefined) this.#fail(answer.failure);
      else this.#waiting?.reject(Object.assign(new Error(answer.failure), answer.system));
    });
    this.#worker.on('error', (error) => this.#fail(`a build thread failed: ${messageOf(error)}`));
    this.#worker.on('exit', (code) => this.#fail(`a build thread ended with code ${code}`));
  }

  build(task: EntryTask): Promise<BuildResult> {
    this.#waiting = Promise.withResolvers<BuildResult>();
    this.#worker.postMessage(task);
    return this.#waiting.promise;
  }

  async end(): Promise<void> {
    // Whoever waited has been told why; its promise is not looked at any more.
    this.#waiting?.promise.catch(() => undefined);
    await this.#worker.terminate();
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new BgbError('CACHE_BUILD', reason));
  }
}
