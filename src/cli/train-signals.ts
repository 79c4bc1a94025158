/**
 * The first signal asks training to save and stop; Ctrl-C after it ends the process at once. A second SIGTERM does not: who
 * types bgb stop twice is impatient, not ready to lose the run.
 */
export function trainingSignals() {
  let received: NodeJS.Signals | null = null;
  const handle = (signal: NodeJS.Signals) => {
    if (received !== null && signal === 'SIGINT') process.exit(130);
    received ??= signal;
  };
  // A terminal that is closed sends SIGHUP.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  return {
    signal: () => received,
    end: () => {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}
