import { constants } from 'node:os';
import { BgbError, InputError, messageOf } from '../errors.ts';

/**
 * A command throws this once it has stopped for a signal and left everything as it should be; the exit code is
 * 128 + the signal's number, 130 for Ctrl-C.
 */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals, message: string) {
    super(message);
    this.name = 'Interruption';
    this.signal = signal;
  }
}

/** Says on `write` what went wrong, and the exit code for it. */
export async function exitCodeOf(error: unknown, write: (text: string) => unknown): Promise<number> {
  if (error instanceof Interruption) {
    write(`bgb: ${error.message}\n`);
    return 128 + constants.signals[error.signal];
  }
  if (error instanceof Error && error.name === 'AbortError') {
    write('bgb: interrupted.\n');
    return 130;
  }
  const kind = error instanceof BgbError ? '' : 'unexpected error: ';
  write(`bgb: ${kind}${messageOf(error)}\n`);
  const isInput = error instanceof InputError;
  if (await isDebugging()) write(`${error instanceof Error ? error.stack : String(error)}\n`);
  else if (!isInput) write('Set BGB_DEBUG=1 to see where it comes from.\n');
  return isInput ? 2 : 1;
}

/** Asked only when something went wrong, and then the environment may be what is wrong. */
async function isDebugging(): Promise<boolean> {
  const { readEnvironment } = await import('../config/index.ts');
  try {
    return readEnvironment().isDebugging;
  } catch {
    return false;
  }
}
