import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretProblem, shownVariable, withoutSecrets } from './secrets.ts';

test.each([
  'BGB_API_TOKEN',
  'BGB_SECRET',
  'BGB_DB_PASSWORD',
  'BGB_PASSWD',
  'BGB_KEY',
  'BGB_APIKEY',
  'BGB_ACCESS_KEY_ID',
  'bgb_private_key',
  'BGB_AUTH',
  'BGB_CREDENTIALS_FILE',
])('%s is only said to be set', (name) => {
  expect(shownVariable(name, 'hunter2')).toBe('(set)');
});

test.each(['BGB_LIMIT_FILES', 'BGB_KEYBOARD', 'BGB_MONKEY', 'BGB_AUTHOR', 'BGB_DEVICE'])(
  '%s is shown',
  (name) => {
    expect(shownVariable(name, '50')).toBe('50');
  },
);

test.each([
  ['https://me:hunter2@host.org/a', 'https://***@host.org/a'],
  ['s3://hunter2@bucket', 's3://***@bucket'],
  ['postgres://me:p@ss/word@host', 'postgres://***@ss/word@host'],
  ['https://host/a?token=hunter2&page=2', 'https://host/a?token=***&page=2'],
  ['https://b.org/x?X-Amz-Signature=0123abcd&n=1', 'https://b.org/x?X-Amz-Signature=***&n=1'],
  ['Authorization: Bearer abcdef0123456789', 'Authorization: Bearer ***'],
  ['password: hunter2, epochs: 3', 'password: ***, epochs: 3'],
  ['use sk-abcdefghijklmnop now', 'use *** now'],
  ['hf_0123456789abcdef', '***'],
  ['eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc', '***'],
])('%s becomes %s', (text, expected) => {
  expect(withoutSecrets(text)).toBe(expected);
});

test.each(['/data/tusz', 'a run of 10:30, monkeys=3', 'http://host:8080/x', '0,1', '', 'user@host'])(
  'nothing in %j is secret',
  (text) => {
    expect(withoutSecrets(text)).toBe(text);
  },
);

test.each([
  'https://me:hunter2@host/a',
  's3://bucket/x?page=1&X-Amz-Signature=0123',
  'use sk-proj-AbCdEfGh0123456789xyz now',
  '/cache/ghp_AbCdEfGhIjKlMnOpQrStUv',
  'AKIAABCDEFGHIJKLMNOP',
  '-----BEGIN RSA PRIVATE KEY-----',
])('%j may not be stored', (text) => {
  expect(secretProblem(text)).toMatch(/^expected .* Give secrets elsewhere\.$/);
});

test.each([
  'Basic training with n_tokens=512, password: none',
  'as-recorded-double-banana-2020',
  'sk-learn-baseline-of-all-folds',
  's3://bucket/x?page=2',
  'http://host:8080/a@b',
  '/data/tusz/v2.0.3/edf',
])('%j may be', (text) => {
  expect(secretProblem(text)).toBeNull();
});

test('a password in an address is never left over, whatever it is made of', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9!$%^&*()_+=~.:;,-]{8,20}$/).map((text) => `Q7z${text}Q7z`);
  fc.assert(
    fc.property(secret, fc.constantFrom('https', 's3', 'redis'), (password, scheme) => {
      expect(withoutSecrets(`x ${scheme}://me:${password}@host/y`)).toBe(`x ${scheme}://***@host/y`);
    }),
  );
});
