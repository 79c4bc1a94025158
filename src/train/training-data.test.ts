import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
