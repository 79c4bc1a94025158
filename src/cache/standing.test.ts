/** What a build does with entries that stand in the cache already, and with recordings that are one. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type BuildOptions, buildCache } from './build-cache.ts';
import { listEntries } from './layout.ts';
import { scanSplit } from './scan.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const SAMPLE = fileURLToPath(new URL('../../data/sample', import.meta.url));
const [CLIP, OTHER_CLIP] = ['chb01/chb01_03_clip', 'chb01/chb01_04_clip'];
const base = mkdtempSync(join(tmpdir(), 'bgb-standing-'));
afterAll(() => rmSync(base, { recursive: true }));

let count = 0;
let [data, cacheDir] = ['', ''];
let said: string[] = [];
let outcomes: string[] = [];
beforeEach(() => {
  data = join(base, `data-${++count}`);
  cacheDir = join(base, `cache-${count}`);
  mkdirSync(data);
});

/** Puts a clip of the sample there, with its annotation. */
function put(clip: string, name: string): void {
  mkdirSync(dirname(join(data, name)), { recursive: true });
  for (const ending of ['.edf', '.csv_bi'])
    cpSync(join(SAMPLE, `${clip}${ending}`), join(data, `${name}${ending}`));
}

function build(options: Partial<BuildOptions> = {}) {
  said = [];
  outcomes = [];
  return buildCache({
    dataDir: data,
    cacheDir,
    split: 'train',
    validationSplit: null,
    seed: 1,
    settings: TEST_SETTINGS,
    limitFiles: null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: (_done, _all, { outcome }) => outcomes.push(outcome),
    say: (sentence) => said.push(sentence),
    ...options,
  });
}

const entries = async () =>
  (
    await Promise.all(
      ['train', 'dev', 'eval'].map(async (split) =>
        (await listEntries(join(cacheDir, split))).map((name) => `${split}/${name}`),
      ),
    )
  ).flat();

const fold = (index: number) => ({ split: null, fold: { index, count: 2 } });

test('recordings with identical samples count once, whatever their names and headers are', async () => {
  put(CLIP, 'chb01_03');
  put(CLIP, 'chb02_07');
  put(OTHER_CLIP, 'chb02_08');
  // Another name of the patient in the header, another annotation.
  const bytes = readFileSync(join(data, 'chb02_07.edf'));
  bytes.write('somebody else', 8, 'latin1');
  writeFileSync(join(data, 'chb02_07.edf'), bytes);
  const [census] = await build();
  expect(census).toMatchObject({ recordings: 3, cached: 2, patients: ['chb01', 'chb02'] });
  expect(census!.duplicates).toMatchObject([
    { name: 'chb02_07.edf', of: 'train/chb01_03.npz', isLabelledOtherwise: false },
  ]);
  expect(await entries()).toEqual(['train/chb01_03.npz', 'train/chb02_08.npz']);

  const before = statSync(join(cacheDir, 'train/chb01_03.npz')).mtimeMs;
  await build();
  expect(outcomes).toEqual(['kept', 'duplicate', 'kept']);
  expect(statSync(join(cacheDir, 'train/chb01_03.npz')).mtimeMs).toBe(before);

  appendFileSync(join(data, 'chb02_07.csv_bi'), 'TERM,1.0,2.0,seiz,1.0\n');
  const [again] = await build();
  expect(outcomes).toEqual(['kept', 'built', 'kept']);
  expect(again!.duplicates).toMatchObject([{ name: 'chb02_07.edf', isLabelledOtherwise: true }]);

  rmSync(join(data, 'chb01_03.edf'));
  rmSync(join(cacheDir, 'train/chb01_03.npz'));
  const [alone] = await build();
  expect(alone).toMatchObject({ recordings: 2, cached: 2, duplicates: [] });
});

test('C1: of recordings with identical samples in two splits the one that is judged on counts', async () => {
  for (const name of ['train/chb01_03', 'dev/chb02_07']) put(CLIP, name);
  put(OTHER_CLIP, 'train/chb01_04');
  const censuses = await build({ split: null });
  expect(censuses).toMatchObject([
    { split: 'train', cached: 1, duplicates: [{ name: 'chb01_03.edf', of: 'dev/chb02_07.npz' }] },
    { split: 'dev', cached: 1, duplicates: [] },
  ]);
});

test('C1: splits built one after the other are compared, too', async () => {
  put(CLIP, 'chb01_03');
  await build({ split: 'eval' });
  rmSync(data, { recursive: true });
  put(CLIP, 'chb02_07');
  put(OTHER_CLIP, 'chb02_08');
  const [census] = await build();
  expect(census!.duplicates).toMatchObject([{ name: 'chb02_07.edf', of: 'eval/chb01_03.npz' }]);
  expect(await entries()).toEqual(['train/chb02_08.npz', 'eval/chb01_03.npz']);
  put(OTHER_CLIP, 'chb01_09');
  await expect(build()).rejects.toThrow(
    /chb01 is in two splits: .*chb01_09\.edf is train, .*chb01_03\.npz is eval/,
  );
});

test('C1: another fold into the same cache moves entries, so that no patient stays on both sides', async () => {
  put(CLIP, 'chb01_03');
  put(OTHER_CLIP, 'chb02_04');
  await build(fold(1));
  const first = await entries();
  await scanSplit(join(cacheDir, 'train'), { length: 256, stride: 256 }).catch(() => undefined);
  await build(fold(2));
  expect(outcomes).toEqual(['moved', 'moved']);
  const other = (name: string) => name.replace(/^\w+/, (split) => (split === 'train' ? 'dev' : 'train'));
  expect((await entries()).sort()).toEqual(first.map(other).sort());

  await expect(build()).rejects.toThrow(/is in two splits/);
  await build({ split: null, validationSplit: 0 });
  expect(outcomes.sort()).toEqual(['kept', 'moved']);
  expect(await entries()).toEqual(['train/chb01_03.npz', 'train/chb02_04.npz']);
  expect(existsSync(join(cacheDir, 'dev'))).toBe(false);
});

test('an entry of a recording that stands elsewhere now, made with other settings, is replaced', async () => {
  put(CLIP, 'chb01_03');
  await build();
  mkdirSync(join(data, 'chb01'));
  for (const ending of ['.edf', '.csv_bi'])
    renameSync(join(data, `chb01_03${ending}`), join(data, `chb01/chb01_03${ending}`));
  await build();
  expect(outcomes).toEqual(['moved']);
  expect(await entries()).toEqual(['train/chb01/chb01_03.npz']);
  for (const ending of ['.edf', '.csv_bi'])
    renameSync(join(data, `chb01/chb01_03${ending}`), join(data, `chb01_03${ending}`));
  await build({ settings: { ...TEST_SETTINGS, clip: 5 } });
  expect(outcomes).toEqual(['built']);
  expect(await entries()).toEqual(['train/chb01_03.npz']);
});

test('a recording that cannot be used any more, or lost its annotation, loses its entry', async () => {
  for (const name of ['chb01_03', 'chb01_05']) put(CLIP, name);
  put(OTHER_CLIP, 'chb01_04');
  await build();
  rmSync(join(data, 'chb01_04.csv_bi'));
  writeFileSync(join(data, 'chb01_03.edf'), 'not an EDF');
  const [census] = await build();
  expect(census).toMatchObject({
    cached: 1,
    rejected: [{ name: 'chb01_03.edf' }],
    unlabelled: ['chb01_04.edf'],
  });
  expect(await entries()).toEqual(['train/chb01_05.npz']);
});

test('entries of no recording stay and are named; a split that empties loses its manifest', async () => {
  put(CLIP, 'chb01_03');
  put(OTHER_CLIP, 'chb02_04');
  await build();
  rmSync(join(data, 'chb02_04.edf'));
  await build();
  expect(said).toEqual([
    expect.stringMatching(/^1 entries in the cache are of no recording here .*chb02_04\.npz/),
  ]);
  expect(await entries()).toEqual(['train/chb01_03.npz', 'train/chb02_04.npz']);
});
