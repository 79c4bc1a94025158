const NEVER = new AbortController().signal;

/**
 * Works through items, several at once. Where one fails, or the signal is aborted, the others are told to stop and are waited
 * for: nothing goes on behind the back of whoever catches the error, which is the first.
 */
export async function workAtOnce<Item>(
  items: Iterable<Item>,
  { atOnce, signal = NEVER }: { readonly atOnce: number; readonly signal?: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failing = new AbortController();
  const stop = AbortSignal.any([signal, failing.signal]);
  const left = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | null = null;
  const workNext = async () => {
    try {
      for (let next = left.next(); !next.done; next = left.next()) {
        stop.throwIfAborted();
        await work(next.value, stop);
      }
    } catch (error) {
      failure ??= { error };
      failing.abort(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, workNext));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** What is waited for, or the reason of the signal as soon as it is aborted; what was begun ends by itself then. */
export async function unlessAborted<Result>(waited: Promise<Result>, signal: AbortSignal): Promise<Result> {
  waited.catch(() => undefined);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([waited, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
