import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { inForce, readEnvironment } from './environment.ts';

test('nothing set', () => {
  expect(readEnvironment({ PATH: '/bin', BGB_DEBUG: '' })).toEqual({
    limitFiles: null,
    isProgressPlain: false,
    hasBraille: true,
    libtorch: null,
    modal: { volume: null, data: null },
    isManifestRebuildForced: false,
    isDebugging: false,
    overrides: [],
    notices: [],
  });
});

test('all set', () => {
  const environment = readEnvironment({
    BGB_LIMIT_FILES: '50',
    BGB_DISABLE_TQDM: '1',
    BGB_LIBTORCH: '/opt/libtorch',
    BGB_FORCE_MANIFEST_REBUILD: 'true',
    BGB_DEBUG: '0',
    BGB_DEVICE: 'cpu',
  });
  expect(environment).toMatchObject({ limitFiles: 50, isProgressPlain: true, libtorch: '/opt/libtorch' });
  expect(environment).toMatchObject({ isManifestRebuildForced: true, isDebugging: false, notices: [] });
  expect(environment.overrides).toEqual([
    { field: 'experiment.device', value: 'cpu', variable: 'BGB_DEVICE' },
  ]);
});

test.each([
  ['BGB_LIMIT_FILES', '0'],
  ['BGB_LIMIT_FILES', '5e1'],
  ['BGB_LIMIT_FILES', 'fifty'],
  ['BGB_DISABLE_TQDM', '2'],
  ['BGB_DEVICE', 'gpu'],
])('%s=%s is refused, with what was expected', (name, value) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(InputError);
  expect(() => readEnvironment({ [name]: value })).toThrow(`${name}: expected `);
  expect(() => readEnvironment({ [name]: value })).toThrow(`found '${value}'`);
});

test('an unknown variable is noticed with the nearest name, never with its value', () => {
  const { notices } = readEnvironment({ BGB_LIMIT_FILE: 'hush' });
  expect(notices.map(({ message }) => message)).toEqual([
    'The environment variable BGB_LIMIT_FILE means nothing to bgb; did you mean BGB_LIMIT_FILES?',
  ]);
});

test('H1: what is in force, in order, with secrets hidden', () => {
  const variables = { BGB_LIMIT_FILES: '50', BGB_API_TOKEN: 'hush', HOME: '/root', BGB_DEVICE: undefined };
  expect(inForce(variables)).toEqual({ BGB_API_TOKEN: '(set)', BGB_LIMIT_FILES: '50' });
});

test.each([
  [{}, false, true],
  [{ TERM: 'xterm-256color', LANG: 'de_DE.UTF-8' }, false, true],
  [{ TERM: 'dumb' }, true, true],
  [{ TERM: 'linux', LANG: 'C.UTF-8' }, false, false],
  [{ LANG: 'C' }, false, false],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'POSIX' }, false, false],
  [{ LANG: 'C', LC_CTYPE: 'en_US.utf8' }, false, true],
])('what a terminal with %j can do', (variables, isProgressPlain, hasBraille) => {
  expect(readEnvironment(variables)).toMatchObject({ isProgressPlain, hasBraille });
});
