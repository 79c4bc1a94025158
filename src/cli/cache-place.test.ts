import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfigOrDefaults } from '../config/index.ts';
import { otherCacheNotice } from './cache-place.ts';

test('D4: a cache that training with the same configuration would not find is noticed', async () => {
  const notice = async (cacheDir: string, set: string[]) =>
    otherCacheNotice(cacheDir, await loadConfigOrDefaults(null, { set }));
  expect(await notice('cache/a', ['data.cache_dir=cache/b'])).toBe(
    `--cache-dir is ${resolve('cache/a')}, but data.cache_dir (--set) is ${resolve('cache/b')}, where training with this configuration looks.`,
  );
  expect(await notice('cache/a/train', ['data.cache_dir=./cache/a/'])).toBeNull();
  expect(await notice('cache/a', ['data.cache_dir=cache/a/val'])).toBeNull();
  expect(await notice('cache/a', [])).toBeNull();
});
