/** `data.exclude`: recordings that a build leaves out on purpose. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type BuildOptions, buildCache } from './build-cache.ts';
import { readLosses } from './census.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const SAMPLE = fileURLToPath(new URL('../../data/sample', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'bgb-exclude-'));
afterAll(() => rmSync(base, { recursive: true }));

const [data, cacheDir] = [join(base, 'data'), join(base, 'cache')];
for (const name of ['chb01/chb01_03_clip', 'chb01/chb01_04_clip', 'chb03/chb03_01_clip_edfplusD'])
  for (const ending of ['.edf', '.csv_bi'])
    if (existsSync(join(SAMPLE, `${name}${ending}`))) {
      mkdirSync(dirname(join(data, name)), { recursive: true });
      cpSync(join(SAMPLE, `${name}${ending}`), join(data, `${name}${ending}`));
    }
writeFileSync(join(data, 'chb01/chb01_05.edf'), 'not an EDF');

async function build(options: Partial<BuildOptions> = {}) {
  const said: string[] = [];
  const censuses = await buildCache({
    dataDir: data,
    cacheDir,
    split: null,
    validationSplit: 0.5,
    seed: 3,
    settings: TEST_SETTINGS,
    limitFiles: null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    say: (sentence) => said.push(sentence),
    ...options,
  });
  return { censuses, said };
}

const entry = (split: string, name: string) => existsSync(join(cacheDir, split, `${name}.npz`));

test('what is excluded has no entry, is listed and loses the one it had; no other recording moves', async () => {
  const { censuses } = await build();
  expect(censuses.map(({ split, recordings }) => [split, recordings])).toEqual([
    ['train', 3],
    ['dev', 1],
  ]);
  expect(entry('train', 'chb01/chb01_04_clip')).toBe(true);
  const exclude = ['chb01/chb01_04_clip.edf', 'chb01/chb01_05.edf', 'chb01/chb01_6.edf'];
  const { censuses: fewer, said } = await build({ exclude });
  expect(said).toEqual([
    'data.exclude leaves out 2 recordings.',
    'data.exclude names what is none of these recordings: chb01/chb01_6.edf.',
  ]);
  expect(fewer[0]).toMatchObject({ recordings: 1, cached: 1, rejected: [], excluded: exclude.slice(0, 2) });
  expect(await readLosses(join(cacheDir, 'train'))).toMatchObject({ excluded: exclude.slice(0, 2) });
  expect([entry('train', 'chb01/chb01_03_clip'), entry('train', 'chb01/chb01_04_clip')]).toEqual([
    true,
    false,
  ]);
  // A patient of whom nothing is left is drawn all the same: chb01 stays in train.
  const { censuses: without } = await build({ exclude: ['chb03/chb03_01_clip_edfplusD.edf'] });
  expect(without.map(({ split, recordings }) => [split, recordings])).toEqual([['train', 3]]);
  expect([entry('dev', 'chb03/chb03_01_clip_edfplusD'), await readLosses(join(cacheDir, 'dev'))]).toEqual([
    false,
    null,
  ]);
});

test('a recording of nobody knows whom stops no build that leaves it out', async () => {
  cpSync(join(data, 'chb01/chb01_05.edf'), join(data, 'someone.edf'));
  await expect(build()).rejects.toThrow(/Whose recording is someone\.edf/);
  const { said } = await build({ exclude: ['someone.edf'] });
  expect(said).toEqual(['data.exclude leaves out 1 recording.']);
  rmSync(join(data, 'someone.edf'));
});

test('of two recordings that would share an entry one can be excluded; not all there are', async () => {
  cpSync(join(data, 'chb01/chb01_04_clip.edf'), join(data, 'chb01/chb01_04_clip.bdf'));
  await expect(build()).rejects.toThrow(/would share one cache entry/);
  await build({ exclude: ['chb01/chb01_04_clip.bdf'] });
  expect(entry('train', 'chb01/chb01_04_clip')).toBe(true);
  rmSync(join(data, 'chb01/chb01_04_clip.bdf'));
  const all = ['03_clip', '04_clip', '05'].map((name) => `chb01/chb01_${name}.edf`);
  await expect(build({ exclude: [...all, 'chb03/chb03_01_clip_edfplusD.edf'] })).rejects.toThrow(
    /data\.exclude leaves none of the 4 recordings/,
  );
});
