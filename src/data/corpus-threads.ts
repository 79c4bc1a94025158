import type { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import { errorOf, startThread, type Thrown } from '../threads/index.ts';
import { type Corpus, type CorpusPlan, corpusOf, loadCorpus, planCorpus } from './corpus.ts';
import type { WindowSet } from './windows.ts';

/**
 * What a thread is given; all read into the same memory. As buffers: Node 24 hands an array over with its length in bytes cut
 * to 32 bits, and a corpus has more.
 */
export interface CorpusTask extends Omit<CorpusPlan, 'signal' | 'labels'> {
  readonly signal: SharedArrayBuffer;
  readonly labels: SharedArrayBuffer;
  /** The first recording that no thread has taken. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** Below this a thread takes longer to start than to read. */
const LEAST_BYTES = 2 ** 27;

/**
 * As {@link loadCorpus}, with several threads, which a network's file system needs to deliver what it can, and checksums take
 * time, too. The caller's thread stays free.
 *
 * @param threads at most
 * @throws InputError `CACHE_*`, `DATA_RESIDENCY`
 */
export async function loadCorpusInThreads(
  set: WindowSet,
  threads: number,
  { leastBytes = LEAST_BYTES } = {},
): Promise<Corpus> {
  const count = Math.min(threads, set.recordings.length);
  const rows = set.recordingRows.reduce((sum, each) => sum + each, 0);
  if (count <= 1 || 2 * rows * set.channels < leastBytes) return loadCorpus(set);
  const task = corpusTask(set);
  const workers = Array.from({ length: count }, () => startThread('./corpus-thread', import.meta.url, task));
  try {
    await Promise.all(workers.map(ended));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return corpusOf(set, planOf(task));
}

/** @internal */
export function corpusTask(set: WindowSet): CorpusTask {
  const { signal, labels, ...plan } = planCorpus(set, (bytes) => new SharedArrayBuffer(bytes));
  return {
    ...plan,
    signal: signal.buffer as SharedArrayBuffer,
    labels: labels.buffer as SharedArrayBuffer,
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** @internal */
export function planOf({ signal, labels, ...plan }: CorpusTask): CorpusPlan {
  return { ...plan, signal: new Int16Array(signal), labels: new Uint8Array(labels) };
}

/** @throws what reading a recording threw; BgbError `DATA_THREAD` for a thread that dies */
async function ended(worker: Worker): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.on('message', (thrown: Thrown) => reject(errorOf(thrown)));
  const died = (how: string) => new BgbError('DATA_THREAD', `A thread that reads the cache ${how}.`);
  worker.on('error', (error) => reject(died(`failed: ${messageOf(error)}`)));
  worker.on('exit', (code) => (code === 0 ? resolve() : reject(died(`ended with code ${code}`))));
  await promise;
}
