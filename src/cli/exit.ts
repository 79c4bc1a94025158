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

/** A command throws this to end with a code where whatever there is to say has been said. */
export class SaidAlready extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.name = 'SaidAlready';
    this.exitCode = exitCode;
  }
}

/** Says on `write` what went wrong, and the exit code for it. */
export async function exitCodeOf(error: unknown, write: (text: string) => unknown): Promise<number> {
  if (error instanceof SaidAlready) return error.exitCode;
  if (error instanceof Interruption) {
    write(`bgb: ${error.message}\n`);
    return 128 + constants.signals[error.signal];
  }
  if (error instanceof Error && error.name === 'AbortError') {
    write('bgb: interrupted.\n');
    return 130;
  }
  const refusal = refusalOf(error);
  const kind = error instanceof BgbError || refusal !== null ? '' : 'unexpected error: ';
  write(`bgb: ${kind}${refusal?.message ?? messageOf(error)}\n`);
  const isInput = error instanceof InputError || refusal?.isInput === true;
  if (await isDebugging()) write(`${error instanceof Error ? error.stack : String(error)}\n`);
  else if (!isInput) write('Set BGB_DEBUG=1 to see where it comes from.\n');
  return isInput ? 2 : 1;
}

/** What the system refuses because of the path that was given, by error code. */
const PATH_REFUSALS = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);

/** What the system refuses because it has no more of something. */
const SHORTAGES = new Set(['EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC']);

/** An error of the file system, in a sentence; null for any other. */
function refusalOf(error: unknown): { message: string; isInput: boolean } | null {
  const { code = '', path, syscall } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  const isInput = PATH_REFUSALS.has(code);
  if (syscall === undefined || (!isInput && !SHORTAGES.has(code))) return null;
  const where = path ?? 'a file'; // null in an error that came from a thread
  return {
    message: `The system refuses ${where}: ${messageOf(error)}. Check the path, its rights and the space left; what was written before is whole.`,
    isInput,
  };
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
