import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listEntries, splitFolder, splitFolders } from './layout.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-layout-'));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
};

test('a split lies below the cache folder, or is the folder that was given, and its sisters beside it', () => {
  expect(splitFolder('/c', 'train')).toBe('/c/train');
  expect(splitFolder('/c/train', 'train')).toBe('/c/train');
  expect(splitFolder('/c/train/', 'dev')).toBe('/c/dev');
  expect(splitFolder('/c/val', 'dev')).toBe('/c/val');
});

test('the splits of a cache: its folders of these names, else the folder itself', async () => {
  put('cache/dev/a.npz', 'cache/train/b.npz', 'cache/other/c.npz');
  const cache = join(folder, 'cache');
  expect(await splitFolders(cache)).toEqual([
    ['train', join(cache, 'train')],
    ['dev', join(cache, 'dev')],
  ]);
  expect(await splitFolders(join(cache, 'dev'))).toEqual([['dev', join(cache, 'dev')]]);
  expect(await splitFolders(join(cache, 'other'))).toEqual([[null, join(cache, 'other')]]);
});

test('C4: a val folder is the dev split of a cache, found from its sisters too; dev beside it is refused', async () => {
  put('elsewhere/train/a.npz', 'elsewhere/val/b.npz', 'both/dev/a.npz', 'both/val/b.npz');
  const cache = join(folder, 'elsewhere');
  for (const given of [cache, join(cache, 'train'), join(cache, 'val')]) {
    expect(splitFolder(given, 'dev')).toBe(join(cache, 'val'));
    expect(splitFolder(given, 'train')).toBe(join(cache, 'train'));
  }
  expect(await splitFolders(cache)).toEqual([
    ['train', join(cache, 'train')],
    ['dev', join(cache, 'val')],
  ]);
  expect(await splitFolders(join(cache, 'val'))).toEqual([['dev', join(cache, 'val')]]);
  const refusal = { code: 'CACHE_SPLITS', message: expect.stringContaining('has both dev and val') };
  expect(() => splitFolder(join(folder, 'both'), 'dev')).toThrow(expect.objectContaining(refusal));
  await expect(splitFolders(join(folder, 'both'))).rejects.toMatchObject(refusal);
});

test('entries are listed in one order, whatever order the disk has; left-overs are not', async () => {
  put('entries/b.npz', 'entries/a/c.npz', 'entries/.d.npz.0123456789ab.tmp', 'entries/manifest.json');
  expect(await listEntries(join(folder, 'entries'))).toEqual(['a/c.npz', 'b.npz']);
});
