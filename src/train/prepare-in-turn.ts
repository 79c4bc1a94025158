import { stat } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { AnsweringThread } from '../threads/index.ts';
import { type Preparation, type PreparedRecording, prepare } from './prepare.ts';

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
  await using threadsInUse = new AsyncDisposableStack();
  const idle = Array.from({ length: count }, () =>
    threadsInUse.use(
      new AnsweringThread<string, PreparedRecording>('./prepare-thread', import.meta.url, {
        ...{ data: preparation, code: 'PREDICT_THREAD', does: 'prepares recordings' },
      }),
    ),
  );
  const prepared = async (path: string): Promise<PreparedOrNot> => {
    // There is one: no more recordings are begun than there are threads.
    const thread = idle.pop()!;
    try {
      return await thread.ask(path).catch(unlessRefused);
    } finally {
      idle.push(thread);
    }
  };
  const ahead: { readonly bytes: number; readonly result: Promise<PreparedOrNot> }[] = [];
  let next = 0;
  const begin = async (most: number) => {
    while (next < paths.length && ahead.length < most) {
      const path = paths[next]!;
      const bytes = await sizeOf(path);
      const used = ahead.reduce((sum, each) => sum + each.bytes, 0);
      if (ahead.length > 0 && used + bytes > mostAheadBytes) return;
      next++;
      const result = prepared(path);
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
