import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openEdf, writeEdf } from '../edf/index.ts';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-edf-'));
const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const DISCONTINUOUS = root('data/sample/chb03/chb03_01_clip_edfplusD.edf');
const written = catchWrites();

afterAll(() => rmSync(folder, { recursive: true }));

test('what is in a recording: format, start, duration, segments, signals, annotations', async () => {
  expect(await runProgram(['edf', DISCONTINUOUS])).toBe(0);
  expect(written.errors).toBe('');
  const lines = written.output.split('\n');
  expect(lines[0]).toBe(DISCONTINUOUS);
  expect(lines).toContain('  format     EDF+D');
  expect(lines).toContain('  start      1985-01-01 13:29:28');
  expect(lines).toContain(
    '  duration   0:00:30 (30 s, 20 data records of 1 s; 20 s of it recorded, in 2 segments)',
  );
  expect(lines).toContain('      1       20          10             10');
  expect(lines).toContain('     0  FP1-F7    256     -800 to 800  uV    -2048 to 2047');
  expect(lines.filter((line) => /^ +\d+ {2}\S+ +256 /.test(line))).toHaveLength(23);
  expect(lines).toContain('     10          52  seizure');
});

test('--json is one document', async () => {
  expect(await runProgram(['edf', DISCONTINUOUS, '--json'])).toBe(0);
  expect(written.errors).toBe('');
  const { signals, ...document } = JSON.parse(written.output);
  expect(document).toEqual({
    path: DISCONTINUOUS,
    format: 'EDF+D',
    patient: 'X X X X',
    recording: 'Startdate X X X X',
    start: '1985-01-01T13:29:28',
    duration_s: 30,
    recorded_s: 20,
    records: 20,
    record_duration_s: 1,
    segments: [
      { start_s: 0, duration_s: 10, first_record: 0, records: 10, record_starts_s: null },
      { start_s: 20, duration_s: 10, first_record: 10, records: 10, record_starts_s: null },
    ],
    annotations: [{ onset_s: 10, duration_s: 52, text: 'seizure' }],
    warnings: [],
    npy: null,
  });
  expect(signals).toHaveLength(23);
  expect(signals[22]).toEqual({
    index: 22,
    label: 'T8-P8',
    sampling_rate: 256,
    samples_per_record: 256,
    samples: 5120,
    dimension: 'uV',
    physical_min: -800,
    physical_max: 800,
    digital_min: -2048,
    digital_max: 2047,
    transducer: '',
    prefiltering: '',
  });
});

test('hours, and a clock that drifts', async () => {
  const { headerBytes, recordBytes } = await openEdf(DISCONTINUOUS);
  const bytes = readFileSync(DISCONTINUOUS);
  for (let record = 0; record < 20; record++) {
    const at = headerBytes + record * recordBytes + 23 * 512;
    const time = record < 10 ? record * 1.01 : 3700 + record;
    bytes.fill(0, at, headerBytes + (record + 1) * recordBytes).write(`+${time}\x14\x14`, at, 'latin1');
  }
  bytes.write('\x1b[31m   ', 184, 'latin1');
  const path = join(folder, 'drift.edf');
  writeFileSync(path, bytes);
  expect(await runProgram(['edf', path])).toBe(0);
  expect(written.output).toContain(
    '  duration   1:02:00 (3720 s, 20 data records of 1 s; 20.1 s of it recorded, in 2 segments)\n',
  );
  expect(written.output).toContain('      1     3710          10         3699.9\n');
  expect(written.output).toContain("EDF_HEADER_BYTES: the header says it has '?[31m' bytes");
  expect(written.output).toContain(
    'EDF_DRIFT: by their own times the 10 data records from 0 s on take 0.1000 s more',
  );
  written.output = '';
  expect(await runProgram(['edf', path, '--json'])).toBe(0);
  expect(JSON.parse(written.output).segments).toMatchObject([
    {
      start_s: 0,
      duration_s: expect.closeTo(10.1, 9),
      record_starts_s: Array.from({ length: 10 }, (_, record) => expect.closeTo(record * 1.01, 9)),
    },
    { start_s: 3710, duration_s: 10, record_starts_s: null },
  ]);
});

test('long lists are counted, warnings named, control characters kept from the terminal', async () => {
  const path = join(folder, 'odd.edf');
  await writeEdf(path, {
    patient: 'X',
    recording: 'X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: ['A', 'B'].map((label) => ({
      label,
      dimension: 'uV',
      physicalMin: -100,
      physicalMax: 100,
      digitalMin: -100,
      digitalMax: 100,
      samplesPerRecord: 2,
      digital: [1, 2],
      transducer: 'AgAgCl',
      prefiltering: `HP ${label}`,
    })),
    annotations: Array.from({ length: 23 }, (_, index) => ({
      onsetS: index,
      durationS: null,
      text: index === 0 ? 'aE[31mb' : index === 1 ? 'y'.repeat(101) : 'z',
    })),
  });
  const bytes = readFileSync(path);
  bytes.write('\x1b', bytes.indexOf('E[31m'), 'latin1');
  bytes.write('31.02.02', 168, 'latin1');
  // The scaling of signal A of three: its physical minimum becomes its maximum.
  bytes.write('100     ', 256 + 3 * 104, 'latin1');
  writeFileSync(path, bytes);
  expect(await runProgram(['edf', path])).toBe(0);
  expect(written.output).toContain('  start      unknown\n');
  expect(written.output).toContain('      0           -  a?[31mb\n');
  expect(written.output).toContain(`  ${'y'.repeat(100)}...\n`);
  expect(written.output).toContain(
    '     19           -  z\nand 3 more of 23 annotations; --json lists all\n',
  );
  expect(written.output).toContain('     1  B       2     -100 to 100  uV      -100 to 100  HP B\n');
  expect(written.output).toContain('transducer of all: AgAgCl\n');
  expect(written.output).toMatch(
    /\n\nEDF_SCALING: signal A has no scaling.*\.\nEDF_START: the start '31\.02\.02' .*unknown\.\n$/,
  );
  expect(written.output).not.toContain('\x1b');

  written.output = '';
  const npy = join(folder, 'odd');
  expect(await runProgram(['edf', path, '--json', '--npy', npy])).toBe(0);
  const document = JSON.parse(written.output);
  expect(document.annotations).toHaveLength(23);
  expect(document.annotations[0].text).toBe('a\x1b[31mb');
  expect(document.npy).toMatchObject({
    folder: npy,
    signals: [{ file: '1_B.npy' }],
    left_out: [{ index: 0 }],
  });
  expect(written.errors).toBe(
    `A is not written: no scaling: digital -100 to 100, physical 100 to 100.\nWrote 1 signal to ${npy}; see index.json there.\n`,
  );
  expect(readdirSync(npy).sort()).toEqual(['1_B.npy', 'index.json']);
});

test('what cannot be used ends with exit code 2 and one message', async () => {
  const notEdf = join(folder, 'note.edf');
  writeFileSync(notEdf, 'not a recording'.repeat(100));
  expect(await runProgram(['edf', notEdf, '--json'])).toBe(2);
  expect(written.errors).toMatch(/^bgb: .*note\.edf: expected '0' \(EDF\).*\n$/);
  written.errors = '';
  expect(await runProgram(['edf', join(folder, 'none.edf')])).toBe(2);
  expect(written.errors).toMatch(/^bgb: Cannot read .*none\.edf: ENOENT/);
  written.errors = '';
  expect(await runProgram(['edf', DISCONTINUOUS, '--npy', folder])).toBe(2);
  expect(written.errors).toMatch(/expected a folder that is new, empty, or written before/);
  expect(written.output).toBe('');
});
