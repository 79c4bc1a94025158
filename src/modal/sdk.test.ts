import { ClientError, Status } from 'nice-grpc';
import { expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { toldOf } from './sdk.ts';

const ofProtocol = (code: Status) =>
  new ClientError('/modal.client.ModalClient/AppGetOrCreate', code, 'no route');

test.each([
  [
    ofProtocol(Status.UNAVAILABLE),
    InputError,
    /^The connection to Modal was lost \(no route\)\. .*Repeat the command/,
  ],
  [ofProtocol(Status.UNAUTHENTICATED), InputError, /^Modal does not know who you are.*modal token new/],
  [ofProtocol(Status.RESOURCE_EXHAUSTED), BgbError, /^Modal has no machine for the command now/],
  [new BgbError('A_CODE', 'Said already.'), BgbError, /^Said already\.$/],
  // Ctrl-C: it has a number for a code, too.
  [
    new DOMException('This operation was aborted', 'AbortError'),
    DOMException,
    /^This operation was aborted$/,
  ],
])('%s is told as it is', (error, kind, message) => {
  const told = toldOf(error);
  expect(told).toBeInstanceOf(kind);
  expect(told.message).toMatch(message);
});
