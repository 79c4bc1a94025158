/** Signals that end watching, which is no harm to what is watched. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for signals until it is disposed of: aborted by the first, which `received` names. */
export function untilInterrupted(): Disposable & {
  readonly signal: AbortSignal;
  readonly received: NodeJS.Signals | null;
} {
  const controller = new AbortController();
  let received: NodeJS.Signals | null = null;
  const stop = (signal: NodeJS.Signals) => {
    received ??= signal;
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}
