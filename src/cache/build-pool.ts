import { AnsweringThread } from '../threads/index.ts';
import { type BuildResult, buildEntry, type EntryTask } from './build.ts';

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
  const threads = Array.from(
    { length: Math.min(jobs, tasks.length) },
    () =>
      new AnsweringThread<EntryTask, BuildResult>('./build-thread', import.meta.url, {
        ...{ code: 'CACHE_BUILD', does: 'builds entries' },
      }),
  );
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    const all = Promise.all(threads.map((thread) => work((task) => thread.ask(task))));
    await Promise.race([all, stop.promise]);
  } finally {
    next = tasks.length;
    signal.removeEventListener('abort', onAbort);
    await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
  return results;
}
