import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-'));
const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const SAMPLE = root('data/sample');
const SMOKE = ['--config', root('configs/local/smoke.yaml')];
const written = catchWrites();

afterAll(() => rmSync(folder, { recursive: true }));

const cache = join(folder, 'cache');
const build = (...more: string[]) =>
  runProgram(['build-cache', '--data-dir', SAMPLE, '--cache-dir', cache, ...SMOKE, ...more]);

test('build-cache: recordings in = cached, seizure seconds as annotated, a second run does nothing', async () => {
  expect(await build('--split', 'train', '--json')).toBe(0);
  const census = JSON.parse(written.output);
  expect(census).toMatchObject({
    split: 'train',
    recordings: 17,
    cached: 17,
    built: 17,
    patients: ['chb01', 'chb02', 'chb03'],
    seizures: 16,
    seizure_seconds: 278,
    rejected: [],
    unlabelled: [],
  });
  // 40 + 27 + 40 + 51 s in the contiguous clips; 10 s in twelve of the thirteen with a hole.
  expect(census.labels).toEqual({ seiz: 158, seizure: 120 });
  expect(census.hours).toBeCloseTo((50 + 37 + 50 + 61 + 13 * 20) / 3600, 9);
  expect(written.errors).toMatch(/chb02_19.*none of it was recorded/);
  const before = statSync(join(cache, 'train/chb01/chb01_03_clip.npz')).mtimeMs;
  written.output = '';
  expect(await build('--split', 'train', '--json')).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({ cached: 17, built: 0 });
  expect(statSync(join(cache, 'train/chb01/chb01_03_clip.npz')).mtimeMs).toBe(before);
});

test('build-cache: other settings rebuild and say so (failures D3)', async () => {
  expect(await build('--split', 'train', '--set', 'preprocessing.clip=8')).toBe(0);
  expect(written.errors).toMatch(/Rebuilt, since it or the settings have changed: chb01\/chb01_03_clip\.edf/);
  expect(await build('--split', 'train')).toBe(0);
});

test('scan-cache: counts by arithmetic, and a valid manifest is left to the byte', async () => {
  expect(await runProgram(['scan-cache', '--cache-dir', cache, ...SMOKE, '--json'])).toBe(0);
  const scan = JSON.parse(written.output);
  expect(camelCased(scan)).toEqual([]);
  expect(scan).toMatchObject({
    recordings: 17,
    seizure_seconds: 278,
    labels: { seiz: 158, seizure: 120 },
    manifest: join(cache, 'train/manifest.json'),
  });
  // 4 s every 2 s: 24 + 17 + 24 + 29 windows in the clips, 4 in each stretch of 10 s. Starts at 8 s hold part of a seizure.
  expect(scan.partial_seizure + scan.full_seizure + scan.no_seizure).toBe(94 + 26 * 4);
  expect(scan.partial_seizure).toBe(4);
  const bytes = readFileSync(scan.manifest);
  const { mtimeMs } = statSync(scan.manifest);
  expect(await runProgram(['scan-cache', '--cache-dir', cache, ...SMOKE, '--check'])).toBe(0);
  expect(await runProgram(['scan-cache', '--cache-dir', cache, ...SMOKE])).toBe(0);
  expect(readFileSync(scan.manifest)).toEqual(bytes);
  expect(statSync(scan.manifest).mtimeMs).toBe(mtimeMs);
  expect(
    await runProgram(['scan-cache', '--cache-dir', cache, ...SMOKE, '--check', '--set', 'data.stride=1']),
  ).toBe(2);
});

test('patients are divided, never recordings; the same patient in two splits is refused (failures C1)', async () => {
  const split = join(folder, 'split');
  expect(
    await runProgram([
      'build-cache',
      '--data-dir',
      SAMPLE,
      '--cache-dir',
      split,
      '--validation-split',
      '0.34',
      ...SMOKE,
      '--json',
    ]),
  ).toBe(0);
  const patients = (name: string) =>
    readdirSync(join(split, name)).filter((entry) => !entry.endsWith('.json'));
  expect(patients('train').filter((patient) => patients('dev').includes(patient))).toEqual([]);
  expect([...patients('train'), ...patients('dev')].sort()).toEqual(['chb01', 'chb02', 'chb03']);
  const [leaked] = patients('train');
  expect(
    await runProgram([
      'build-cache',
      '--data-dir',
      join(SAMPLE, leaked!),
      '--cache-dir',
      split,
      '--split',
      'eval',
      ...SMOKE,
    ]),
  ).toBe(2);
  expect(written.errors).toMatch(
    new RegExp(`${leaked} is in two splits: .*sample/${leaked}/.* is eval, .*/split/train/.* is train`),
  );
  expect(existsSync(join(split, 'eval'))).toBe(false);
  cpSync(join(split, 'train', leaked!), join(split, 'eval'), { recursive: true });
  expect(await runProgram(['scan-cache', '--cache-dir', split, ...SMOKE])).toBe(2);
  expect(written.errors).toMatch(new RegExp(`${leaked} is in both train and eval`));
});

test('no seizure window is exit code 2 with the reason, and no manifest is written (failures D1)', async () => {
  const quiet = join(folder, 'quiet');
  expect(
    await runProgram([
      'build-cache',
      '--data-dir',
      join(SAMPLE, 'chb03'),
      '--cache-dir',
      quiet,
      '--split',
      'train',
      ...SMOKE,
    ]),
  ).toBe(0);
  expect(
    await runProgram(['scan-cache', '--cache-dir', quiet, ...SMOKE, '--set', 'data.window_size=12']),
  ).toBe(2);
  expect(written.errors).toMatch(/None of the 7 entries .* is as long as a window/);
  expect(existsSync(join(quiet, 'train/manifest.json'))).toBe(false);
});

test('input that cannot be used: one message, exit code 2, nothing written', async () => {
  const bad = join(folder, 'bad');
  mkdirSync(bad);
  const refused = async (message: RegExp, more: readonly string[] = []) => {
    written.errors = '';
    const target = join(folder, 'bad-cache');
    expect(
      await runProgram([
        'build-cache',
        '--data-dir',
        bad,
        '--cache-dir',
        target,
        '--split',
        'train',
        ...SMOKE,
        ...more,
      ]),
    ).toBe(2);
    expect(written.errors).toMatch(message);
    expect(existsSync(target)).toBe(false);
  };
  await refused(/holds no recordings: expected \.edf or \.bdf/);
  writeFileSync(join(bad, 'a.edf'), 'not an EDF');
  await refused(/Whose recording is a\.edf\?.*data\.patient_pattern/);
  const pattern = ['--set', 'data.patient_pattern=^([a-z])[.]'];
  await refused(/a\.edf.*expected/, pattern);
  writeFileSync(join(bad, 'a.edf'), readFileSync(join(SAMPLE, 'chb01/chb01_04_clip.edf')));
  await refused(/a\.edf: no annotation was found/, pattern);
  writeFileSync(join(bad, 'a.csv_bi'), 'channel,start_time,stop_time,label,confidence\nTERM,0,ten,seiz,1\n');
  await refused(/a\.csv_bi:2: expected/, pattern);
  writeFileSync(join(bad, 'a.csv_bi'), 'channel,start_time,stop_time,label,confidence\nTERM,0,10,zeiss,1\n');
  await refused(/a\.csv_bi:2: .*'zeiss'/, pattern);
  writeFileSync(join(bad, 'a.bdf'), '');
  await refused(/a\.bdf and a\.edf .* would share one cache entry/, pattern);
  written.errors = '';
  expect(await runProgram(['build-cache', '--data-dir', join(folder, 'nowhere'), '--cache-dir', cache])).toBe(
    2,
  );
  expect(written.errors).toMatch(/nowhere/);
  expect(await runProgram(['build-cache', '--cache-dir', cache])).toBe(2);
  expect(
    await runProgram(['build-cache', '--data-dir', SAMPLE, '--cache-dir', cache, '--split', 'test']),
  ).toBe(2);
  expect(
    await runProgram([
      'build-cache',
      '--data-dir',
      SAMPLE,
      '--cache-dir',
      cache,
      '--validation-split',
      'half',
    ]),
  ).toBe(2);
  expect(written.errors).toMatch(/expected a share from 0 to below 1, found 'half'/);
});

test('bench-loader: what the loader delivers, what the model needs, the headroom; no run is written', async () => {
  const output = join(folder, 'no-run');
  const bench = (...more: string[]) =>
    runProgram([
      'bench-loader',
      root('configs/local/smoke.yaml'),
      ...['data.cache_dir', 'experiment.output_dir', 'resources.threads'].flatMap((field, index) => [
        '--set',
        `${field}=${[cache, output, 1][index]}`,
      ]),
      ...more,
    ]);
  expect(await bench('--seconds', '0.05', '--json')).toBe(0);
  const report = JSON.parse(written.output);
  expect(Object.keys(report)).toEqual(
    expect.arrayContaining(['loader', 'model', 'headroom', 'waiting_share', 'residency', 'advice']),
  );
  expect(report.headroom).toBeGreaterThan(0);
  written.output = '';
  expect(await bench('--seconds', '0.05')).toBe(0);
  expect(written.output).toMatch(
    /loader delivers +[\d,.]+ windows\/s .*\nmodel needs +[\d,.]+ windows\/s .*\nheadroom/,
  );
  expect(existsSync(output)).toBe(false);
  expect(await bench('--seconds', 'long')).toBe(2);
  expect(await bench('--set', `data.cache_dir=${join(folder, 'nowhere')}`)).toBe(2);
  expect(written.errors).toMatch(/nowhere\/train holds no cache entries/);
});

test('a corpus that is known is set beside its published figures, in text and JSON; a limit and losses are said', async () => {
  const [data, target] = [join(folder, 'tusz'), join(folder, 'tusz-cache')];
  for (const [name, content] of [
    ['train/aaaaaaac/s001_2002/aaaaaaac_s001_t000', readFileSync(join(SAMPLE, 'chb01/chb01_03_clip.edf'))],
    ['train/aaaaaaad/s001_2003/aaaaaaad_s001_t000', Buffer.from('not an EDF')],
    ['train/aaaaaaae/s001_2003/aaaaaaae_s001_t000', readFileSync(join(SAMPLE, 'chb01/chb01_04_clip.edf'))],
    ['dev/aaaaaaaf/s001_2003/aaaaaaaf_s001_t000', readFileSync(join(SAMPLE, 'chb01/chb01_15_clip.edf'))],
  ] as const) {
    mkdirSync(dirname(join(data, name)), { recursive: true });
    writeFileSync(join(data, `${name}.edf`), content);
    writeFileSync(
      join(data, `${name}.csv_bi`),
      'channel,start_time,stop_time,label,confidence\nTERM,10,20,seiz,1\n',
    );
  }
  const run = (...more: string[]) =>
    runProgram(['build-cache', '--data-dir', data, '--cache-dir', target, ...SMOKE, ...more]);
  expect(await run('--json')).toBe(0);
  const census = JSON.parse(written.output);
  expect(camelCased(census)).toEqual([]);
  expect(census).toMatchObject({
    recordings: 4,
    cached: 3,
    patients: ['aaaaaaac', 'aaaaaaae', 'aaaaaaaf'],
    seizure_seconds: 30,
    labels: { seiz: 30 },
    limited_from: null,
  });
  const [train] = census.splits;
  // Issue 4: TUSZ 2.0.3 train has 4,664 files of 579 patients with 2,421 seizures of 175,125 s in 3,277,229 s.
  expect(train.published).toEqual({
    corpus: 'TUSZ 2.0.3 train',
    published: { files: 4664, patients: 579, seizures: 2421, seizure_seconds: 175125, seconds: 3277229 },
    found: { files: 3, patients: 2, seizures: 2, seizure_seconds: 20, seconds: 87 },
    differences: {
      files: -4661,
      patients: -577,
      seizures: -2419,
      seizure_seconds: -175105,
      seconds: -3277142,
    },
    left_out: 1,
    limited_from: null,
  });
  vi.stubEnv('BGB_LIMIT_FILES', '3');
  Object.assign(written, { output: '', errors: '' });
  expect(await run()).toBe(0);
  expect(written.errors).toMatch(/In force: BGB_LIMIT_FILES=3\n/);
  expect(written.errors).toMatch(/BGB_LIMIT_FILES takes 3 of 4 recordings\./);
  expect(written.output).toMatch(
    /train: 2 files named as TUSZ names them, where TUSZ 2\.0\.3 train has 4,664: a part .*BGB_LIMIT_FILES took 2 of 3\./,
  );
  vi.unstubAllEnvs();
  Object.assign(written, { output: '', errors: '' });
  expect(await runProgram(['scan-cache', '--cache-dir', target, ...SMOKE, '--json'])).toBe(0);
  expect(written.errors).toMatch(/train: the last build took 2 of 3 recordings, limited by BGB_LIMIT_FILES/);
  const scan = JSON.parse(written.output);
  expect(camelCased(scan)).toEqual([]);
  expect(scan).toMatchObject({ recordings: 3, seizures: 3, seizure_seconds: 30, labels: { seiz: 30 } });
  expect(scan.splits[0].published.corpus).toBe('TUSZ 2.0.3 train');
  expect(Object.keys(scan)).toEqual(
    expect.arrayContaining(
      'partial_seizure full_seizure no_seizure recordings seizure_seconds labels rejected manifest'.split(
        ' ',
      ),
    ),
  );
});

/** Keys of a document, at any depth, that are not snake_case. */
function camelCased(document: unknown): string[] {
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => [
    ...(/[A-Z]/.test(key) ? [key] : []),
    ...camelCased(value),
  ]);
}
