/** The SDK, loaded when a command needs it, and its errors in bgb's words. Nothing outside this folder knows it. */
import type { ModalClient } from 'modal';
import { BgbError, InputError, messageOf } from '../errors.ts';

type Sdk = typeof import('modal');

/** @throws InputError `MODAL_SDK` where the package is not installed */
async function loadSdk(): Promise<Sdk> {
  try {
    return await import('modal');
  } catch (cause) {
    throw new InputError(
      'MODAL_SDK',
      `The npm package modal, which speaks to Modal, is not installed (${messageOf(cause)}). Run 'make setup' in a clone of bgb; a bundle has no part in starting cloud runs.`,
      { cause },
    );
  }
}

/**
 * Connects with the token of `~/.modal.toml` or of MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.
 *
 * @throws InputError `MODAL_SDK`, `MODAL_TOKEN`
 */
export async function connect(): Promise<ModalClient> {
  const { ModalClient: Client } = await loadSdk();
  const silent = () => undefined;
  try {
    const client = new Client({ logger: { debug: silent, info: silent, warn: silent, error: silent } });
    const { tokenId, tokenSecret, oauthRefreshToken } = client.profile;
    // It would say so at its first call.
    if (!(tokenId && tokenSecret) && !oauthRefreshToken) throw new Error('there is no token');
    return client;
  } catch (cause) {
    throw tokenRefused(cause);
  }
}

function tokenRefused(cause: unknown): InputError {
  return new InputError(
    'MODAL_TOKEN',
    `Modal does not know who you are: ${messageOf(cause)}. The token is missing, has expired or was withdrawn. Make one with 'modal token new' (it writes ~/.modal.toml), or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET. Runs that are running go on meanwhile.`,
    { cause },
  );
}

/** gRPC's codes that say so, by name; see https://grpc.io/docs/guides/status-codes/. */
const CODES = {
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What a call to Modal threw, in bgb's words where it is not merely a lost connection. */
export function translated(error: unknown, what: string): Error {
  if (error instanceof BgbError) return error;
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === CODES.unauthenticated || code === CODES.permissionDenied) return tokenRefused(error);
  if (isSdkError(error, 'ResourceExhaustedError') || code === CODES.resourceExhausted)
    return new BgbError('PLACE_CAPACITY', `Modal has no machine for ${what} now: ${messageOf(error)}.`, {
      cause: error,
    });
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * What a command that goes to Modal ends with: what is no sentence of bgb's yet, such as a connection that was lost, is told
 * in one.
 */
export function toldOf(error: unknown): Error {
  const known = translated(error, 'the command');
  const { details } = (error ?? {}) as { details?: unknown };
  // Of the protocol itself; what else may be wrong, or Ctrl-C, is no matter of the connection.
  if (known instanceof BgbError || !isSdkError(error, 'ClientError')) return known;
  return new InputError(
    'PLACE_UNREACHABLE',
    `The connection to Modal was lost (${details || messageOf(error)}). What runs there goes on. Repeat the command; a copy goes on where it broke off.`,
    { cause: error },
  );
}

/** Whether it is an error of the SDK's class of that name; its classes themselves are loaded late. */
export function isSdkError(error: unknown, className: string): boolean {
  return error instanceof Error && error.name === className;
}

/** Whether a call of the protocol itself says that what it names is not there. */
export function isNotFound(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === CODES.notFound;
}

/** Whether Modal could not be reached. */
export function isUnreachable(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === CODES.unavailable;
}

/** Whether what was called does not exist on the other side. */
export function isUnimplemented(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === CODES.unimplemented;
}
