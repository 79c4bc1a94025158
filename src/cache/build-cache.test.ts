import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { sha256 } from '../files/index.ts';
import { buildCache } from './build-cache.ts';
import { readLosses } from './census.ts';
import { Entry } from './entry.ts';
import { listEntries } from './layout.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const SAMPLE = fileURLToPath(new URL('../../data/sample', import.meta.url));
const BUILDER = fileURLToPath(new URL('./testing/build-sample.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

const build = (
  dataDir: string,
  cacheDir: string,
  { jobs = 1, signal = new AbortController().signal, onProgress = (_done: number): void => undefined } = {},
) =>
  buildCache({
    dataDir,
    cacheDir,
    split: 'train',
    validationSplit: 0,
    seed: 1,
    settings: TEST_SETTINGS,
    limitFiles: null,
    jobs,
    signal,
    onProgress,
  });

const hashes = async (split: string) =>
  (await listEntries(split)).map((name) => [name, sha256(readFileSync(join(split, name)))]);

const filesIn = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

async function killed(builder: ChildProcess, afterMs: number): Promise<void> {
  await once(builder, 'message');
  await sleep(afterMs);
  const end = once(builder, 'exit');
  builder.kill('SIGKILL');
  await end;
}

test('kill -9 at any moment leaves only whole entries, and the next build ends as one without (failures D11)', async () => {
  await build(SAMPLE, join(folder, 'whole'));
  const whole = await hashes(join(folder, 'whole/train'));
  const cacheDir = join(folder, 'killed');
  for (const afterMs of [0, 7, 19, 31, 60]) {
    await killed(fork(BUILDER, [SAMPLE, cacheDir]), afterMs);
    for (const name of await listEntries(join(cacheDir, 'train')).catch(() => [])) {
      using entry = new Entry(join(cacheDir, 'train', name));
      entry.readSignal(0, entry.rows, new Int16Array(entry.rows * entry.channels));
    }
  }
  for (const entry of filesIn(cacheDir)) utimesSync(join(entry.parentPath, entry.name), 0, 0);
  await build(SAMPLE, cacheDir);
  expect(await hashes(join(cacheDir, 'train'))).toEqual(whole);
  expect(filesIn(cacheDir).filter(({ name }) => !/\.npz$|census\.json$/.test(name))).toEqual([]);
});

test('several recordings at once give the same entries and the same census as one after the other', async () => {
  const one = await build(SAMPLE, join(folder, 'one'));
  const three = await build(SAMPLE, join(folder, 'three'), { jobs: 3 });
  expect(await hashes(join(folder, 'three/train'))).toEqual(await hashes(join(folder, 'one/train')));
  expect(three).toEqual(one.map((census) => ({ ...census, folder: join(folder, 'three/train') })));
});

test('a cache folder that cannot be made ends the build with what the system says, for any number of jobs', async () => {
  writeFileSync(join(folder, 'a-file'), '');
  for (const jobs of [1, 2])
    await expect(build(SAMPLE, join(folder, 'a-file/cache'), { jobs })).rejects.toMatchObject({
      code: 'ENOTDIR',
      syscall: 'mkdir',
    });
});

test('a build that is interrupted leaves whole entries, for any number of jobs', async () => {
  for (const jobs of [1, 2]) {
    const cacheDir = join(folder, `interrupted-${jobs}`);
    const interruption = new AbortController();
    const building = build(SAMPLE, cacheDir, {
      jobs,
      signal: interruption.signal,
      onProgress: (done) => {
        if (done === 2) interruption.abort();
      },
    });
    await expect(building).rejects.toThrow(/abort/);
    const names = await listEntries(join(cacheDir, 'train'));
    expect(names.length).toBeGreaterThanOrEqual(2);
    expect(names.length).toBeLessThan(17);
    for (const name of names) new Entry(join(cacheDir, 'train', name))[Symbol.dispose]();
  }
});

test('recordings in = cached + rejected + unlabelled, and the losses stay on record (failures B5)', async () => {
  const data = join(folder, 'mixed');
  mkdirSync(data);
  for (const name of ['chb01_03_clip.edf', 'chb01_03_clip.csv_bi', 'chb01_04_clip.edf'])
    cpSync(join(SAMPLE, 'chb01', name), join(data, name));
  writeFileSync(join(data, 'chb01_05.edf'), 'not an EDF');
  const [census] = await build(data, join(folder, 'mixed-cache'));
  expect(census).toMatchObject({ recordings: 3, cached: 1, unlabelled: ['chb01_04_clip.edf'] });
  expect(census!.rejected).toEqual([
    { name: 'chb01_05.edf', reason: expect.stringContaining('chb01_05.edf') },
  ]);
  expect(await readLosses(join(folder, 'mixed-cache/train'))).toEqual({
    recordings: 3,
    cached: 1,
    rejected: census!.rejected,
    unlabelled: census!.unlabelled,
    excluded: [],
    duplicates: [],
    limitedFrom: null,
  });
  const file = join(folder, 'mixed-cache/train/census.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 2, limited_from: null });
  // The first version says nothing that is needed; what is damaged is named.
  writeFileSync(file, JSON.stringify({ format: 'bgb-census', version: 1, limitedFrom: null }));
  expect(await readLosses(dirname(file))).toBeNull();
  writeFileSync(file, JSON.stringify({ format: 'bgb-census', version: 2 }));
  await expect(readLosses(dirname(file))).rejects.toThrow(/Cannot read the census .*census\.json/);
});

test('D10: recordings with one stem in two folders are two entries, by their relative paths', async () => {
  const data = join(folder, 'stems');
  for (const [at, name] of [
    ['a', 'chb01_03_clip'],
    ['b/c', 'chb01_04_clip'],
  ] as const) {
    mkdirSync(join(data, at), { recursive: true });
    for (const extension of ['edf', 'csv_bi'])
      cpSync(join(SAMPLE, `chb01/${name}.${extension}`), join(data, at, `chb01_03.${extension}`));
  }
  const [census] = await build(data, join(folder, 'stems-cache'));
  expect(census).toMatchObject({ recordings: 2, cached: 2 });
  const split = join(folder, 'stems-cache/train');
  expect(await listEntries(split)).toEqual(['a/chb01_03.npz', 'b/c/chb01_03.npz']);
  const rows = (name: string) => {
    using entry = new Entry(join(split, name));
    return entry.rows;
  };
  // Clips of 50 s and 37 s.
  expect([rows('a/chb01_03.npz'), rows('b/c/chb01_03.npz')]).toEqual([50 * 256, 37 * 256]);
});

test('a damaged entry is rebuilt, an annotation that changed rebuilds its entry alone (failures D3, D11)', async () => {
  const data = join(folder, 'changing');
  cpSync(join(SAMPLE, 'chb01'), data, { recursive: true });
  const cacheDir = join(folder, 'changing-cache');
  const [first] = await build(data, cacheDir);
  expect(first!.built).toBe(first!.recordings);
  const entries = await hashes(join(cacheDir, 'train'));

  const entry = join(cacheDir, 'train/chb01_03_clip.npz');
  const whole = readFileSync(entry);
  const flipped = Buffer.from(whole);
  // A sample in the middle: headers, sizes and everything that a scan looks at are as before.
  flipped[whole.length >> 1]! ^= 1;
  for (const damaged of [whole.subarray(0, 5000), flipped]) {
    writeFileSync(entry, damaged);
    expect((await build(data, cacheDir))[0]!.built).toBe(1);
    expect(await hashes(join(cacheDir, 'train'))).toEqual(entries);
  }

  const annotation = join(data, 'chb01_04_clip.csv_bi');
  writeFileSync(annotation, `${readFileSync(annotation, 'utf8')}\n`);
  expect((await build(data, cacheDir))[0]!.built).toBe(1);
});
