import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stageCache } from './stage.ts';

const root = mkdtempSync(join(tmpdir(), 'bgb-stage-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

/** A cache with one entry that has no blocks, and takes long to copy all the same. */
function cacheWithLarge(): { from: string; to: string; large: string } {
  const folder = join(root, String(++count));
  const from = join(folder, 'cache');
  for (const name of ['train/a.npz', 'train/b.npz', 'dev/c.npz', 'train/large.npz']) {
    mkdirSync(dirname(join(from, name)), { recursive: true });
    writeFileSync(join(from, name), `content of ${name}`);
  }
  const large = join(from, 'train/large.npz');
  truncateSync(large, 8 * 2 ** 30);
  return { from, to: join(folder, 'staged'), large };
}

const half = (folder: string) => globSync('**/*.staging', { cwd: folder });
const quiet = { say: () => undefined, signal: new AbortController().signal };

test('one entry that fails ends the copying of all, leaves whole files only, and the next call goes on', async () => {
  const { from, to, large } = cacheWithLarge();
  // In the place of an entry is a folder, as no cache has it.
  mkdirSync(join(to, 'train/b.npz'), { recursive: true });
  await expect(stageCache({ from, to }, quiet)).rejects.toThrow(/train\/b\.npz/);
  expect(half(to)).toEqual([]);
  rmdirSync(join(to, 'train/b.npz'));
  truncateSync(large, 10);
  await stageCache({ from, to }, quiet);
  expect(execFileSync('diff', ['-r', from, to], { encoding: 'utf8' })).toBe('');
});

test('aborted in the middle of an entry it ends at once, and leaves whole files only', async () => {
  const { from, to } = cacheWithLarge();
  const leaving = new AbortController();
  const staged = stageCache({ from, to }, { ...quiet, signal: leaving.signal });
  const looking = setInterval(() => half(to).length > 0 && leaving.abort(), 1);
  await expect(staged).rejects.toThrow(/abort/i);
  clearInterval(looking);
  expect(half(to)).toEqual([]);
});
