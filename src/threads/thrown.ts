import { BgbError, InputError, messageOf } from '../errors.ts';

/** What was thrown, in a form that goes from thread to thread: of an error's own class and fields little does by itself. */
export interface Thrown {
  readonly kind: 'input' | 'own' | 'system' | 'other';
  readonly message: string;
  readonly code: string | null;
  readonly syscall: string | null;
  readonly path: string | null;
}

export function thrownOf(error: unknown): Thrown {
  const {
    code = null,
    syscall = null,
    path = null,
  } = (error ?? {}) as {
    readonly [field in 'code' | 'syscall' | 'path']?: string;
  };
  const kind =
    error instanceof InputError
      ? 'input'
      : error instanceof BgbError
        ? 'own'
        : syscall === null
          ? 'other'
          : 'system';
  return { kind, message: messageOf(error), code, syscall, path };
}

/** As it was thrown: InputError and BgbError with their codes, the system's refusals with what they refuse. */
export function errorOf({ kind, message, code, syscall, path }: Thrown): Error {
  if (kind === 'input') return new InputError(code!, message);
  if (kind === 'own') return new BgbError(code!, message);
  return Object.assign(new Error(message), kind === 'system' ? { code, syscall, path } : {});
}
