/**
 * Errors that bgb raises on purpose. Each has a stable `code` that scripts can match, and a message that
 * says what was expected, what was found, where, and what to do.
 */
export class BgbError extends Error {
  /** Stable, upper-case, prefixed by the room that raises it, such as `EDF_HEADER`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Something the user gave cannot be used: a file, a folder, a value. The command line prints the message
 * alone, without a stack, and exits with code 2; nothing has been written.
 */
export class InputError extends BgbError {}

/** The message of anything that was thrown, for wrapping into a larger one. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
