import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { codeHash } from './code-hash.ts';

const root = await mkdtemp(join(tmpdir(), 'bgb-code-'));
afterAll(async () => {
  for (const folder of [root, `${root}-copy`]) await rm(folder, { recursive: true });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

test('the hash is over path and content of what runs, wherever it lies; tests are no part of it', async () => {
  expect(await codeHash(root, 'src')).toBeNull();
  await put('src/train/loop.ts', 'loop');
  await put('native/module.cc', 'module');
  await put('native/kernels/ssd.cu', 'kernel');
  const expected = sha256(
    `native/kernels/ssd.cu ${sha256('kernel')}\nnative/module.cc ${sha256('module')}\nsrc/train/loop.ts ${sha256('loop')}\n`,
  );
  expect(await codeHash(root, 'src')).toBe(expected);
  for (const path of [
    'src/train/loop.test.ts',
    'src/train/testing/a.ts',
    'src/x.json',
    'native/testing/a.cc',
  ])
    await put(path, 'no part');
  const copy = `${root}-copy`;
  await cp(root, copy, { recursive: true });
  expect(await codeHash(copy, 'src')).toBe(expected);
  await put('native/kernels/ssd.cu', 'another kernel');
  expect(await codeHash(root, 'src')).not.toBe(expected);
  expect(await codeHash(root, 'dist')).toBeNull();
  await put('dist/train/loop.js', 'loop');
  expect(await codeHash(root, 'dist')).toMatch(/^[0-9a-f]{64}$/);
});
