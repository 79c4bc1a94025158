import { expect, test } from 'vitest';
import { listenForSignals } from './signals.ts';

/** As the system would send it, to this module's listeners alone. */
function send(signal: NodeJS.Signals, before: readonly unknown[]): void {
  for (const listener of process.listeners(signal)) if (!before.includes(listener)) listener(signal);
}

test('the first signal aborts and is the one received; each later one is handed on; nothing is left behind', () => {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = names.map((name) => process.listeners(name));
  const told: string[] = [];
  {
    using signals = listenForSignals({
      hasHangUp: true,
      onFirst: (signal) => told.push(`first ${signal}`),
      onLater: (signal) => told.push(`later ${signal}`),
    });
    expect([signals.received, signals.signal.aborted]).toEqual([null, false]);
    for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGINT'] as const) send(name, before.flat());
    expect([signals.received, signals.signal.aborted]).toEqual(['SIGHUP', true]);
  }
  expect(told).toEqual(['first SIGHUP', 'later SIGINT', 'later SIGTERM', 'later SIGINT']);
  expect(names.map((name) => process.listeners(name))).toEqual(before);
});

test('a closed terminal ends the process unless it is listened for', () => {
  const before = process.listenerCount('SIGHUP');
  using signals = listenForSignals();
  expect(process.listenerCount('SIGHUP')).toBe(before);
  expect(signals.received).toBeNull();
});
