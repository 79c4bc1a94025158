import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitFolder } from '../cache/index.ts';
import { loadConfig } from '../config/index.ts';
import { buildSampleCache, SMOKE } from './testing/sample-cache.ts';
import { openTrainingData } from './training-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-training-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => buildSampleCache(join(folder, 'whole')));

async function open(cache: string, set: string[] = []) {
  const said: string[] = [];
  const { config } = await loadConfig(SMOKE, { set: [`data.cache_dir=${join(folder, cache)}`, ...set] });
  const data = await openTrainingData(config, { say: (sentence) => said.push(sentence) });
  return { data, said };
}

test('D4: what the manifest lists and what of it the cache holds is known', async () => {
  cpSync(join(folder, 'whole'), join(folder, 'partial'), { recursive: true });
  const { data, said } = await open('partial');
  const { listed } = data.hits;
  expect(data.hits).toEqual({ listed, found: listed });
  expect(said).toEqual([]);
  // Two stretches of 10 s, four windows each: 8 of 118, more than 5 %.
  rmSync(join(splitFolder(join(folder, 'partial'), 'train'), 'chb01_18_clip_edfplusD.npz'));
  const { data: less, said: rebuilt } = await open('partial');
  expect(rebuilt).toEqual([expect.stringMatching(/was built again \(8 of its 118 references/)]);
  expect(less.hits).toEqual({ listed: listed - 8, found: listed - 8 });
});

test('E7: the plain set stands in for the balanced one only where that is allowed, and that is said', async () => {
  // Seizures begin and end on whole seconds: windows of a second hold all of one or none.
  const set = [
    'data.window_size=1',
    'data.stride=1',
    'data.use_balanced_sampling=true',
    'data.max_samples=null',
  ];
  await expect(open('whole', set)).rejects.toThrow(/data\.balance\.full_ratio \(0\.3\) times none is none/);
  const { data, said } = await open('whole', [...set, 'data.allow_unbalanced_fallback=true']);
  expect(data.isFallback).toBe(true);
  expect(said.join('\n')).toMatch(/the plain set stands in for the balanced one/);
});

test('the record says what each recording is; a changed label, sample or limit shows in it, and nowhere else', async () => {
  const { data } = await open('whole', ['data.max_samples=null']);
  const { splits, epoch, recordings } = data.record;
  const sum = { partial_seizure: 0, full_seizure: 0, no_seizure: 0 };
  for (const recording of recordings.train!)
    for (const category of ['partial_seizure', 'full_seizure', 'no_seizure'] as const)
      sum[category] += recording[category];
  expect(splits.train!.used).toEqual(sum);
  expect(splits.train!.manifest).toEqual(sum);
  expect(epoch).toEqual({ ...sum, is_balanced: false, is_unbalanced_fallback: false });
  expect(splits.train).toMatchObject({
    listed: 118,
    found: 118,
    recordings: recordings.train!.length,
    patients: 1,
  });
  // The file's own hash, as sha256sum gives it.
  const first = recordings.train!.find(({ name }) => name === 'chb01_18_clip_edfplusD.npz')!;
  const file = readFileSync(new URL('../../data/sample/chb01/chb01_18_clip_edfplusD.edf', import.meta.url));
  expect(first.recording).toBe(createHash('sha256').update(file).digest('hex'));
  expect(new Set(recordings.train!.map(({ preprocessing }) => preprocessing)).size).toBe(1);
  const limited = (await open('whole', ['data.max_samples=10'])).data.record.splits.train!;
  expect(Object.values(limited.used).reduce((a, b) => a + b)).toBe(10);
  expect({ ...limited, used: null, recordings: null }).toEqual({
    ...splits.train,
    used: null,
    recordings: null,
  });
});

test('early stopping on a false-alarm rate says that a short dev split cannot give it', async () => {
  const stopping = (metric: string) =>
    open('whole', [`training.early_stopping={patience: 2, metric: ${metric}}`]);
  // 70 of 140 s are seizure.
  expect((await stopping('sensitivity_at_10fa')).said).toEqual([
    expect.stringMatching(/sensitivity_at_10fa, which is undefined on this dev split: 0\.02 h .* 24 h/),
  ]);
  for (const metric of ['f1', 'taes', 'auroc']) expect((await stopping(metric)).said).toEqual([]);
});
