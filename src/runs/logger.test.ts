import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOG_LEVELS, Logger, type LogLevel } from './logger.ts';

let folder: string;
let written: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-logger-'));
  written = '';
});
afterEach(async () => rm(folder, { recursive: true }));

function loggerAt(level: LogLevel): Logger {
  return new Logger({
    level,
    write: (text) => {
      written += text;
    },
    now: () => new Date('2025-03-04T12:03:11.250Z'),
  });
}

test('a line has time, level and message', () => {
  const logger = loggerAt('INFO');
  logger.info('Training starts.');
  logger.warning('Clipped share 3 %.');
  expect(written).toBe('12:03:11 INFO     Training starts.\n12:03:11 WARNING  Clipped share 3 %.\n');
});

test.each([
  ['DEBUG', 'DIWE'],
  ['INFO', 'IWE'],
  ['WARNING', 'WE'],
  ['ERROR', 'E'],
] as const)('level %s shows %s', (level, shown) => {
  const logger = loggerAt(level);
  for (const each of LOG_LEVELS) logger[each.toLowerCase() as Lowercase<LogLevel>](each);
  const initials = written.split('\n').map((line) => line.charAt(9));
  expect(initials.join('')).toBe(shown);
});

test('the run folder gets the same lines with the date, appended to those of earlier sessions', async () => {
  const path = join(folder, 'run', 'run.log');
  for (const message of ['first', 'second']) {
    using logger = loggerAt('INFO');
    logger.attachFile(path);
    logger.info(message);
    logger.debug('not shown');
  }
  expect(await readFile(path, 'utf8')).toBe(
    '2025-03-04T12:03:11.250Z INFO     first\n2025-03-04T12:03:11.250Z INFO     second\n',
  );
});

test('a message cannot move the cursor, and its further lines are indented', () => {
  loggerAt('INFO').info('one\r\ntwo\u001b[31m red\u001b[0m 50 %\r100 %\u0007\n');
  expect(written).toBe('12:03:11 INFO     one\n    two red 50 % 100 % \n');
});
