import { Worker } from 'node:worker_threads';

/**
 * Starts a thread with an environment and flags of its own: those of this process, such as a test runner's or a debugger's, are
 * not for it.
 *
 * @param module of the thread, without its ending, as in `./build-thread`
 * @param from `import.meta.url` of who starts it: compiled modules start compiled ones
 * @param data it finds as `workerData`
 */
export function startThread(module: string, from: string, data?: unknown): Worker {
  const ending = from.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`${module}.${ending}`, from), { workerData: data, execArgv: [], env: {} });
}
