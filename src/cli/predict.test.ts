import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-predict-'));
const CLIP = fileURLToPath(new URL('../../data/sample/chb01/chb01_04_clip.edf', import.meta.url));
const checkpoint = join(folder, 'run');
const written = catchWrites();

/** Hardly trained, so that it finds nothing. */
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
  const smoke = root('configs/local/smoke.yaml');
  const cache = join(folder, 'cache');
  const data = ['--data-dir', root('data/sample/chb01'), '--cache-dir', cache, '--split', 'train'];
  expect(await runProgram(['build-cache', ...data, '--config', smoke])).toBe(0);
  const set = [
    `data.cache_dir=${cache}`,
    `experiment.output_dir=${checkpoint}`,
    'training.epochs=1',
    'data.max_samples=8',
  ];
  expect(await runProgram(['train', smoke, ...set.flatMap((field) => ['--set', field])])).toBe(0);
  vi.restoreAllMocks();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const predict = (...more: string[]) => runProgram(['predict', checkpoint, ...more, '--device', 'cpu']);

test('a folder: a file each, a table, and --json', async () => {
  const input = join(folder, 'in');
  mkdirSync(input);
  cpSync(CLIP, join(input, 'a.edf'));
  const output = join(folder, 'out');
  expect(await predict(input, '--output', output)).toBe(0);
  expect(written.output).toMatch(/^a\.edf +0\.62 +0 +0\.0 +.*a\.csv_bi$/m);
  expect(written.output).toMatch(/\n0 seizures in 1 recording\n$/);
  expect(written.errors).toMatch(/Thresholds untuned: tau_on 0\.86, tau_off 0\.78/);
  written.output = '';
  expect(await predict(input, '--output', output, '--format', 'json', '--json')).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({
    format: 'json',
    recordings: [{ recording: 'a.edf', duration_s: 37, seizures: 0 }],
    unusable: [],
  });
  expect(readdirSync(output)).toEqual(['a.csv_bi', 'a.seizures.json']);
  // Without a seizure the recording has its row of background.
  expect(readFileSync(join(output, 'a.csv_bi'), 'utf8')).toMatch(/\nTERM,0\.0000,37\.0000,bckg,1\.0000\n$/);
});

test('what is predicted can be scored against the annotation beside the recording', async () => {
  const output = join(folder, 'scored');
  expect(await predict(CLIP, '--output', output, '--format', 'szcore')).toBe(0);
  written.output = '';
  const reference = CLIP.replace(/\.edf$/, '.csv_bi');
  expect(await runProgram(['score', '--reference', reference, '--hypothesis', output, '--json'])).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({
    recordings: [{ hypothesis: 'scored' }],
    szcore: { event: { refTrue: 1, tp: 0 } },
  });
});

test('a container of the board: INPUT and OUTPUT, events.tsv', async () => {
  const output = join(folder, 'container/tmp.tsv');
  vi.stubEnv('INPUT', CLIP);
  vi.stubEnv('OUTPUT', output);
  expect(await runProgram(['predict', checkpoint])).toBe(0);
  expect(readFileSync(output, 'utf8')).toMatch(/^onset\tduration\teventType\t.*\n0\.00\t37\.00\tbckg\t/);
  vi.stubEnv('INPUT', 'no-such.edf');
  expect(await runProgram(['predict', checkpoint])).toBe(2);
  expect(written.errors).toMatch(/Cannot read \/data\/no-such\.edf/);
  vi.stubEnv('OUTPUT', '');
  expect(await runProgram(['predict', checkpoint])).toBe(2);
  expect(written.errors).toMatch(/INPUT is set and OUTPUT is not/);
});

test('a recording that was cut off is predicted as far as it goes, and said to be', async () => {
  const input = join(folder, 'cut.edf');
  writeFileSync(input, readFileSync(CLIP).subarray(0, -100));
  const output = join(folder, 'cut');
  expect(await predict(input, '--output', output, '--format', 'json')).toBe(0);
  const notice = /the header announces 37 data records; the file holds 36 whole ones/;
  expect(written.errors).toMatch(new RegExp(`^Notice: cut\\.edf: ${notice.source}`, 'm'));
  const { duration_s, notices } = JSON.parse(readFileSync(join(output, 'cut.seizures.json'), 'utf8'));
  expect(duration_s).toBe(36);
  expect(notices).toEqual([expect.stringMatching(notice)]);
});

test('input that cannot be used: exit code 2, the reason, no file', async () => {
  vi.stubEnv('INPUT', '');
  const bad = join(folder, 'bad.edf');
  writeFileSync(bad, 'not an EDF');
  const output = join(folder, 'none');
  expect(await predict(bad, '--output', output)).toBe(2);
  expect(written.errors).toMatch(
    /1 of 1 recordings cannot be used, and nothing is written of them:\n {2}bad\.edf: .*bad\.edf/,
  );
  expect(written.output).toBe('');
  expect(existsSync(output)).toBe(false);
  // What lies there from before is not taken for what was asked now.
  mkdirSync(output);
  writeFileSync(join(output, 'bad.csv_bi'), 'older');
  written.errors = '';
  expect(await predict(bad, '--output', output)).toBe(2);
  expect(written.errors).toMatch(/none\/bad\.csv_bi is of an earlier prediction and stays\./);
  expect(readFileSync(join(output, 'bad.csv_bi'), 'utf8')).toBe('older');
  expect(await predict()).toBe(2);
  expect(written.errors).toMatch(
    /Expected a recording or a folder of recordings, or the environment variables INPUT/,
  );
  expect(await predict(CLIP)).toBe(2);
  expect(written.errors).toMatch(/Expected --output/);
});
