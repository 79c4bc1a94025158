import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  isTemporaryName,
  linkAtomic,
  makeFolder,
  removeStaleTemporaries,
  writeAtomic,
  writeAtomicWith,
} from './atomic.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a write that fails leaves the old content and nothing beside it', async () => {
  const path = join(folder, 'failing/a.json');
  await writeAtomic(path, 'old');
  const failing = writeAtomicWith(path, async (file) => {
    await file.writeFile('half');
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(join(folder, 'failing'))).toEqual(['a.json']);
});

// /dev/full answers every write with ENOSPC, as a full disk does: full(4).
test('on a full disk the error names the file, which the system does not', async () => {
  const full = await open('/dev/full', 'w');
  const refused = { code: 'ENOSPC', path: join(folder, 'full/a.json') };
  await expect(
    writeAtomicWith(refused.path, async () => {
      await full.writeFile('half');
    }),
  ).rejects.toMatchObject(refused);
  await full.close();
  expect(readdirSync(join(folder, 'full'))).toEqual([]);
  await expect(writeAtomic('/dev/full', 'whole')).rejects.toMatchObject({
    code: 'ENOSPC',
    path: '/dev/full',
  });
});

test('a pipe is written into, and still is one', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [read] = await Promise.all([readFile(pipe, 'utf8'), writeAtomic(pipe, 'through')]);
  expect(read).toBe('through');
  expect(statSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(folder).filter(isTemporaryName)).toEqual([]);
});

test('a second name replaces what has it; without links nothing is changed', async () => {
  const place = join(folder, 'linked');
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  await writeAtomic(a, 'new');
  await writeAtomic(b, 'old');
  expect(await linkAtomic(a, b)).toBe(true);
  expect(await linkAtomic(a, b)).toBe(true);
  expect(readFileSync(b, 'utf8')).toBe('new');
  expect(readdirSync(place)).toEqual(['a', 'b']);
  mkdirSync(join(place, 'folder'));
  await expect(linkAtomic(a, join(place, 'folder'))).rejects.toThrow('EISDIR');
  expect(readdirSync(place)).toEqual(['a', 'b', 'folder']);
  // No file system links a folder, as some link nothing.
  expect(await linkAtomic(place, join(folder, 'again'))).toBe(false);
  expect(existsSync(join(folder, 'again'))).toBe(false);
});

test('folders on the way are made; where none can be, the write fails and ends', async () => {
  await writeAtomic(join(folder, 'a/b/c/d.json'), 'deep');
  expect(readFileSync(join(folder, 'a/b/c/d.json'), 'utf8')).toBe('deep');
  await expect(writeAtomic(join(folder, 'a/b/c/d.json/e'), '')).rejects.toThrow(/ENOTDIR|EEXIST/);
  // mkdir with recursive: true would try for ever.
  if (process.platform === 'linux')
    await expect(writeAtomic('/proc/bgb-is-not-here/a.json', '')).rejects.toThrow(/ENOENT/);
});

test('while it writes, readers see the old content and a name that is known as temporary', async () => {
  const path = join(folder, 'writing/a.json');
  await writeAtomic(path, 'old');
  await writeAtomicWith(path, async (file) => {
    await file.writeFile('new');
    const [temporary, ...others] = readdirSync(join(folder, 'writing'));
    expect(isTemporaryName(temporary!)).toBe(true);
    expect(others).toEqual(['a.json']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test('only old temporaries are removed', async () => {
  const below = join(folder, 'stale/deep');
  mkdirSync(below, { recursive: true });
  const [old, young] = ['.a.npz.0123456789ab.tmp', '.b.npz.0123456789ab.tmp'];
  for (const name of [old, young, 'a.npz']) writeFileSync(join(below, name), '');
  utimesSync(join(below, old), 0, 0);
  utimesSync(join(below, 'a.npz'), 0, 0);
  await removeStaleTemporaries(join(folder, 'stale'));
  expect(readdirSync(below)).toEqual([young, 'a.npz']);
  await removeStaleTemporaries(join(folder, 'nowhere'));
});

test('a folder is made with those on the way, and the first of them told; a file in its place is an error', async () => {
  expect(await makeFolder(join(folder, 'made/one/two'))).toBe(join(folder, 'made'));
  expect(await makeFolder(join(folder, 'made/one/two'))).toBeNull();
  writeFileSync(join(folder, 'made/file'), '');
  await expect(makeFolder(join(folder, 'made/file'))).rejects.toThrow(/EEXIST/);
  await expect(makeFolder(join(folder, 'made/file/below'))).rejects.toThrow(/EEXIST|ENOTDIR/);
  if (process.platform === 'linux')
    await expect(makeFolder('/proc/bgb-is-not-here/a')).rejects.toThrow(/ENOENT/);
  const all = await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(folder, 'raced/a/b'))));
  expect(all).toContain(join(folder, 'raced'));
});
