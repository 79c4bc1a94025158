import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listEntries, requireInside, splitFolder, splitFolders } from './layout.ts';

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
  expect(splitFolder('/c/val', 'train')).toBe('/c/train');
});

test('C4: a val folder is the dev split, and both are one too many', async () => {
  put('theirs/train/a.npz', 'theirs/val/b.npz', 'both/dev/a.npz', 'both/val/b.npz');
  const theirs = join(folder, 'theirs');
  expect(splitFolder(theirs, 'dev')).toBe(join(theirs, 'val'));
  expect(splitFolder(join(theirs, 'train'), 'dev')).toBe(join(theirs, 'val'));
  expect(await splitFolders(theirs)).toEqual([
    ['train', join(theirs, 'train')],
    ['dev', join(theirs, 'val')],
  ]);
  expect(() => splitFolder(join(folder, 'both'), 'dev')).toThrow(/has both dev and val/);
  await expect(splitFolders(join(folder, 'both'))).rejects.toThrow(/has both dev and val/);
});

test('a split on another disk may be linked into the cache; a pipe named like an entry is none', async () => {
  put('disk/a.npz', 'linked/dev/b.npz');
  symlinkSync(join(folder, 'disk'), join(folder, 'linked/train'));
  const linked = join(folder, 'linked');
  expect(await splitFolders(linked)).toEqual([
    ['train', join(linked, 'train')],
    ['dev', join(linked, 'dev')],
  ]);
  execFileSync('mkfifo', [join(folder, 'disk/pipe.npz')]);
  expect(await listEntries(join(linked, 'train'))).toEqual(['a.npz']);
  await requireInside(join(linked, 'train'), ['a.npz']);
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
