import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TextFollower } from './text-follower.ts';

const folder = await mkdtemp(join(tmpdir(), 'bgb-text-'));
afterAll(() => rm(folder, { recursive: true }));

test('the last lines first, then what is new, whole lines only', async () => {
  const path = join(folder, 'a.log');
  const early = new TextFollower(path, 2);
  expect(await early.newLines()).toEqual([]);
  await writeFile(path, 'one\ntwo\nthree\nfo');
  expect(await early.newLines()).toEqual(['one', 'two', 'three']);
  const follower = new TextFollower(path, 2);
  expect(await follower.newLines()).toEqual(['two', 'three']);
  expect(await follower.newLines()).toEqual([]);
  await appendFile(path, 'ur\n\nfive\n');
  expect(await follower.newLines()).toEqual(['four', '', 'five']);
  await writeFile(path, 'again\n');
  expect(await follower.newLines()).toEqual(['again']);
});

test('of a long file only the end is read', async () => {
  const path = join(folder, 'long.log');
  await writeFile(path, Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));
  expect(await new TextFollower(path, 3).newLines()).toEqual(['line 19997', 'line 19998', 'line 19999']);
  const all = await new TextFollower(path, 1e9).newLines();
  expect(all.length).toBeLessThan(10_000);
  expect(all[0]).toMatch(/^line \d+$/);
  expect(await new TextFollower(path, 0).newLines()).toEqual([]);
});
