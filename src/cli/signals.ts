import { constants } from 'node:os';

/** Ctrl-C, and what `kill` and systems that end processes send. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;
/** With what a terminal that is closed sends. */
const WITH_HANG_UP = [...ENDING, 'SIGHUP'] as const;

export interface SignalHandling {
  /** Whether a terminal that is closed counts, too; otherwise that ends the process, as it does everywhere. */
  readonly hasHangUp?: boolean;
  readonly onFirst?: (signal: NodeJS.Signals) => void;
  /** Each behind the first; without it they do nothing more. */
  readonly onLater?: (signal: NodeJS.Signals) => void;
}

/** What has arrived since listening began. */
export interface Signals extends Disposable {
  /** Aborted by the first. */
  readonly signal: AbortSignal;
  /** The first; null before. */
  readonly received: NodeJS.Signals | null;
}

/** Listens, until it is disposed of, for signals that ask the process to end, which then do not end it by themselves. */
export function listenForSignals({ hasHangUp = false, onFirst, onLater }: SignalHandling = {}): Signals {
  const controller = new AbortController();
  const names = hasHangUp ? WITH_HANG_UP : ENDING;
  let received: NodeJS.Signals | null = null;
  const listener = (signal: NodeJS.Signals) => {
    if (received !== null) return onLater?.(signal);
    received = signal;
    controller.abort();
    onFirst?.(signal);
  };
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}

/** Ends the process at once with the exit code of one that the signal has ended; for a user who has asked twice. */
export function endProcess(signal: NodeJS.Signals): never {
  process.exit(128 + constants.signals[signal]);
}
