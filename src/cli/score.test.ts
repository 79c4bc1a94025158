import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-score-'));
const written = catchWrites();

afterAll(() => rmSync(folder, { recursive: true }));

const store = (name: string, durationS: number, rows: string) => {
  const path = join(folder, name);
  writeFileSync(
    path,
    `# duration = ${durationS} secs\nchannel,start_time,stop_time,label,confidence\n${rows}`,
  );
  return path;
};
const reference = store('reference.csv_bi', 3600, 'TERM,100,160,seiz,1\n');
const hypothesis = store('hypothesis.csv_bi', 3600, 'TERM,150,190,seiz,1\nTERM,1000,1010,seiz,1\n');
const score = (...more: string[]) =>
  runProgram(['score', '--reference', reference, '--hypothesis', hypothesis, ...more]);

test('tables of both references; a figure that is undefined is a dash', async () => {
  expect(await score()).toBe(0);
  expect(written.errors).toBe('');
  const lines = written.output.split('\n');
  expect(lines[0]).toBe('1 recording of 1 subject, 1.00 h, 1 reference seizure, 2 detected');
  expect(lines).toContain('SzCORE, as timescoring 0.0.7');
  expect(lines.find((line) => line.startsWith('events'))).toMatch(
    /^events +1 +1 +1 +1\.0000 +0\.5000 +0\.6667 +0\.6667 +24\.00$/,
  );
  expect(lines.find((line) => line.startsWith('OVERLAP'))).toMatch(/^OVERLAP +seiz +1 +1 +0 +1 /);
  const empty = store('empty.csv_bi', 3600, 'TERM,0,3600,bckg,1\n');
  written.output = '';
  expect(await runProgram(['score', '--reference', empty, '--hypothesis', empty])).toBe(0);
  expect(written.output).toMatch(/^events +0 +0 +0 +- +- +- +- +0\.00$/m);
});

test('--json and --output: one document, the same on the disk, nothing else beside it', async () => {
  const output = join(folder, 'out/scores');
  expect(await score('--json', '--output', output)).toBe(0);
  expect(written.errors).toBe(`Wrote ${output}/scores.json.\n`);
  const report = JSON.parse(written.output);
  expect(JSON.parse(readFileSync(join(output, 'scores.json'), 'utf8'))).toEqual(report);
  expect(readdirSync(output)).toEqual(['scores.json']);
  expect(Object.keys(report)).toEqual([
    'format',
    'version',
    'reference',
    'hypothesis',
    'settings',
    'durations',
    'false_alarms_per_24h',
    'szcore',
    'nedc',
    'recordings',
    'unpaired',
    'notices',
  ]);
  expect(Object.keys(report.szcore)).toEqual(['scorer', 'sample', 'event', 'subjects']);
  expect(Object.keys(report.nedc)).toEqual([
    'scorer',
    'overlap',
    'taes',
    'epoch',
    'dpalign',
    'ira',
    'as_printed',
  ]);
  expect(report.szcore.event).toEqual({
    numSamples: 36_000,
    fs: 10,
    refTrue: 1,
    tp: 1,
    fp: 1,
    sensitivity: 1,
    precision: 0.5,
    f1: 2 / 3,
    f1_before_v0_0_7: 2 / 3,
    fpRate: 24,
  });
});

test('settings of event scoring, as timescoring names them', async () => {
  // 10 of 60 s overlap: more than a tenth, less than a half, where nothing is extended.
  const strict = ['--tolerance-start', '0', '--tolerance-end', '0', '--json'];
  for (const [share, tp] of [
    ['0.1', 1],
    ['0.5', 0],
  ] as const) {
    written.output = '';
    expect(await score(...strict, '--min-overlap', share)).toBe(0);
    const { szcore, settings } = JSON.parse(written.output);
    expect(szcore.event.tp).toBe(tp);
    expect(settings.event).toMatchObject({ toleranceStart: 0, minOverlap: Number(share) });
  }
  written.output = '';
  expect(
    await score(
      '--max-event-duration',
      '20',
      '--min-duration-between-events',
      '0',
      '--sample-rate',
      '2',
      '--json',
    ),
  ).toBe(0);
  expect(JSON.parse(written.output).szcore).toMatchObject({
    sample: { numSamples: 7200 },
    event: { refTrue: 3 },
  });
});

test('what is not as it should be is said on standard error', async () => {
  mkdirSync(join(folder, 'references'));
  mkdirSync(join(folder, 'hypotheses'));
  for (const name of ['a', 'b', 'c']) store(`references/${name}.csv_bi`, 60, 'TERM,0,60,bckg,1\n');
  store('hypotheses/a.csv_bi', 60, 'TERM,0,60,bckg,1\n');
  store('hypotheses/b.csv_bi', 61, 'TERM,0,61,bckg,1\n');
  store('hypotheses/x.csv_bi', 60, 'TERM,0,60,bckg,1\n');
  const paths = ['--reference', join(folder, 'references'), '--hypothesis', join(folder, 'hypotheses')];
  expect(await runProgram(['score', ...paths])).toBe(0);
  expect(written.errors).toMatch(
    /Counted as without any detection \(2\):\n {2}b: wrong length, .*\n {2}c: missing/,
  );
  expect(written.errors).toMatch(/Hypotheses of no reference, not scored \(1\):\n {2}.*x\.csv_bi\n/);
});

test.each([
  [['--hypothesis', 'x'], /required option '--reference <path>'/],
  [['--reference', '/no/such', '--hypothesis', '/no/such'], /Cannot read \/no\/such/],
  [
    ['--reference', folder, '--hypothesis', folder, '--min-overlap', '2'],
    /--min-overlap: expected a number from 0 to 1, found '2'/,
  ],
  [
    ['--reference', folder, '--hypothesis', folder, '--max-event-duration', '0'],
    /--max-event-duration: expected a number from 1/,
  ],
  [['--reference', folder, '--hypothesis', folder, '--sample-rate', ''], /--sample-rate: .* found ''/],
])('input that cannot be used: %j', async (parameters, message) => {
  expect(await runProgram(['score', ...parameters])).toBe(2);
  expect(written.output).toBe('');
  expect(written.errors).toMatch(message);
  expect(written.errors.trim().split('\n')).toHaveLength(1);
});
