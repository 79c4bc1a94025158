import { expect, test } from 'vitest';
import { isWsl } from './wsl.ts';

const machine = (files: Record<string, string>) => (path: string) => files[path] ?? null;

test.each([
  ['Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d) (gcc 11.2.0) #1 SMP', true],
  ['Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc 5.4.0) #1237', true],
  ['Linux version 6.6.36-WSL2-STABLE+ (me@pc) #1 SMP', true],
  ['Linux version 6.8.0-45-generic (buildd@lcy02) (x86_64-linux-gnu-gcc-13) #45-Ubuntu', false],
])('%s', (version, expected) => {
  expect(isWsl(machine({ '/proc/version': version }))).toBe(expected);
});

test('a kernel of its own under WSL is known by the programs of Windows', () => {
  const version = 'Linux version 6.1.0-mine';
  expect(isWsl(machine({ '/proc/version': version, '/proc/sys/fs/binfmt_misc/WSLInterop': 'enabled' }))).toBe(
    true,
  );
  expect(isWsl(machine({}))).toBe(false);
});
