import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-synth-'));
afterAll(() => rmSync(folder, { recursive: true }));
const written = catchWrites();
const corpus = join(folder, 'corpus');

test('a corpus that build-cache takes with no other setting, seizure seconds as in the truth', async () => {
  const parameters = ['--out', corpus, '--patients', '3', '--hours', '0.3', '--seed', '478', '--jobs', '2'];
  expect(await runProgram(['synth', ...parameters, '--json'])).toBe(0);
  const report = JSON.parse(written.output);
  expect(report.total.seizures).toBeGreaterThan(0);
  written.output = '';
  const cache = ['--data-dir', corpus, '--cache-dir', join(folder, 'cache')];
  expect(await runProgram(['build-cache', ...cache, '--jobs', '2', '--json'])).toBe(0);
  const census = JSON.parse(written.output);
  for (const {
    split,
    recordings,
    cached,
    rejected,
    unlabelled,
    seizures,
    hours,
    seizure_seconds,
    labels,
  } of census.splits) {
    const truly = report.splits[split];
    expect({ recordings, rejected, unlabelled, seizures }).toEqual({
      recordings: truly.recordings,
      rejected: [],
      unlabelled: [],
      seizures: truly.seizures,
    });
    expect(cached).toBe(recordings);
    expect(hours).toBeCloseTo(truly.hours, 9);
    const seconds = Object.values<number>(labels).reduce((sum, each) => sum + each, 0);
    expect(seizure_seconds).toBeCloseTo(seconds, 9);
    // Each end is rounded to a sample of 256 Hz.
    expect(Math.abs(seconds - 3600 * truly.seizure_hours)).toBeLessThan(seizures / 256 + 1e-9);
  }
  expect(census.recordings).toBe(report.total.recordings);
  expect(census.patients).toHaveLength(report.total.patients);
});

test('a corpus too small to be judged fails the gate with exit 1, and says why', async () => {
  expect(await runProgram(['synth', '--gate', corpus])).toBe(1);
  expect(written.output).toMatch(/RMS: AUROC over windows/);
  expect(written.errors).toMatch(/does not pass the gate: \d seizures are too few/);
});

describe('input that cannot be used: exit 2, one message, nothing written', () => {
  const out = join(folder, 'none');
  test.each([
    [[], 'Give either --out'],
    [['--out', out, '--gate', out], 'Give either --out'],
    [['--out', out, '--profile', 'chbmit'], "expected one of tusz, emu, found 'chbmit'"],
    [['--out', out, '--profile', 'toString'], 'expected one of'],
    [['--out', out, '--patients', '0'], '--patients: expected a whole number from 1'],
    [['--out', out, '--patients', '2.5'], '--patients'],
    [['--out', out, '--patients', '1e9'], '--patients'],
    [['--out', out, '--hours', '-1'], '--hours'],
    [['--out', out, '--hours', 'NaN'], '--hours'],
    [['--out', out, '--hours', 'Infinity'], '--hours'],
    [['--out', out, '--hours', ''], '--hours'],
    [['--out', out, '--hours', '0x10'], '--hours'],
    [['--out', out, '--seed', '4294967296'], '--seed'],
    [['--out', out, '--seed', '-1'], '--seed'],
    [['--out', out, '--jobs', '0'], '--jobs'],
    [['--out', '/dev/null/corpus'], '/dev/null'],
    [['--gate', out], 'corpus.json'],
  ])('%j', async (parameters, message) => {
    expect(await runProgram(['synth', ...parameters])).toBe(2);
    expect(written.errors).toContain(message);
    expect(written.output).toBe('');
    expect(readdirSync(folder)).not.toContain('none');
  });
});
