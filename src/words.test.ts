import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandLine, counted, gib } from './words.ts';

test('one is in the singular, and nothing else', () => {
  expect([0, 1, 2].map((count) => counted(count, 'patient'))).toEqual([
    '0 patients',
    '1 patient',
    '2 patients',
  ]);
  expect(counted(3, 'entry', 'entries')).toBe('3 entries');
});

test('bytes in MiB, and in GiB from one on', () => {
  expect([0, 3 * 2 ** 20, 2 ** 30, 1.5 * 2 ** 30].map(gib)).toEqual(['0 MiB', '3 MiB', '1.0 GiB', '1.5 GiB']);
});

test('a command line with spaces and quotes in it is what a shell reads back', () => {
  const words = ['printf', '%s|', 'plain/path', 'two words', "it's", 'ünï', ''];
  expect(execFileSync('sh', ['-c', commandLine(...words)], { encoding: 'utf8' })).toBe(
    "plain/path|two words|it's|ünï||",
  );
});
