import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { type Preparation, type PreparedRecording, prepare } from './prepare.ts';

/** What a thread answers with. */
export type PrepareAnswer =
  | { readonly prepared: PreparedRecording }
  /** It cannot be used. */
  | { readonly refusal: { readonly code: string; readonly message: string } }
  | { readonly failure: string };

/** A recording that was prepared, or why it cannot be used. */
export type PreparedOrNot = PreparedRecording | InputError;

/** Files of recordings that are prepared ahead have so much at most, or are one; prepared, they are about as large. */
const MOST_AHEAD_BYTES = 2 ** 30;

/**
 * Prepares recordings in their order, some ahead of their use.
 *
 * @param threads that prepare; with 0 each recording is prepared here when its turn comes
 * @throws BgbError `PREDICT_THREAD` for what is no matter of a recording; the reason of `signal` when it is aborted
 */
export async function* prepareInTurn(
  paths: readonly string[],
  preparation: Preparation,
  {
    threads,
    signal,
    mostAheadBytes = MOST_AHEAD_BYTES,
  }: { readonly threads: number; readonly signal: AbortSignal; readonly mostAheadBytes?: number },
): AsyncGenerator<PreparedOrNot> {
  const count = Math.min(threads, paths.length);
  if (count === 0) {
    for (const path of paths) {
      signal.throwIfAborted();
      yield await prepare(path, preparation).catch(unlessRefused);
    }
    return;
  }
  await using pool = new PrepareThreads(count, preparation);
  const ahead: { readonly bytes: number; readonly result: Promise<PreparedOrNot> }[] = [];
  let next = 0;
  const begin = async (most: number) => {
    while (next < paths.length && ahead.length < most) {
      const path = paths[next]!;
      const bytes = await sizeOf(path);
      const used = ahead.reduce((sum, each) => sum + each.bytes, 0);
      if (ahead.length > 0 && used + bytes > mostAheadBytes) return;
      next++;
      const result = pool.prepare(path);
      // Told again where its turn comes.
      result.catch(() => undefined);
      ahead.push({ bytes, result });
    }
  };
  for (const _ of paths) {
    signal.throwIfAborted();
    await begin(count);
    const first = await ahead[0]!.result;
    // Its thread has the next one while the caller has this one, which counts until then.
    await begin(count + 1);
    yield first;
    ahead.shift();
  }
}

function unlessRefused(error: unknown): InputError {
  if (error instanceof InputError) return error;
  throw error;
}

/** Of a file that cannot be looked at, reading it says so. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

class PrepareThreads implements AsyncDisposable {
  readonly #idle: PrepareThread[];
  readonly #all: readonly PrepareThread[];

  constructor(count: number, preparation: Preparation) {
    this.#all = Array.from({ length: count }, () => new PrepareThread(preparation));
    this.#idle = [...this.#all];
  }

  /** On a thread that has nothing to do; there has to be one. */
  async prepare(path: string): Promise<PreparedOrNot> {
    const thread = this.#idle.pop()!;
    try {
      return await thread.prepare(path);
    } finally {
      this.#idle.push(thread);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread.end()));
  }
}

/** A thread that prepares one recording at a time. */
class PrepareThread {
  readonly #worker: Worker;
  #asked: PromiseWithResolvers<PreparedOrNot> | null = null;
  #failure: BgbError | null = null;

  constructor(preparation: Preparation) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./prepare-thread.${extension}`, import.meta.url), {
      workerData: preparation,
      execArgv: [],
      env: {},
    });
    this.#worker.on('message', (answer: PrepareAnswer) => {
      if ('prepared' in answer) this.#asked?.resolve(answer.prepared);
      else if ('refusal' in answer)
        this.#asked?.resolve(new InputError(answer.refusal.code, answer.refusal.message));
      else this.#fail(answer.failure);
    });
    this.#worker.on('error', (error) => this.#fail(`a thread that prepares failed: ${messageOf(error)}`));
    this.#worker.on('exit', (code) => this.#fail(`a thread that prepares ended with code ${code}`));
  }

  prepare(path: string): Promise<PreparedOrNot> {
    this.#asked = Promise.withResolvers<PreparedOrNot>();
    if (this.#failure !== null) this.#asked.reject(this.#failure);
    else this.#worker.postMessage(path);
    return this.#asked.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(reason: string): void {
    this.#failure ??= new BgbError('PREDICT_THREAD', reason);
    this.#asked?.reject(this.#failure);
  }
}
