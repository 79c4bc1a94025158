import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bridgeSourcesHash } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-sources-hash-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(root: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test.each([
  ['native/module.cc', true],
  ['native/kernels/ssd.cu', true],
  ['native/build.ts', true],
  ['node_modules/node-addon-api/napi.h', true],
  ['native/build.test.ts', false],
  ['src/train/loop.ts', false],
  ['configs/local/smoke.yaml', false],
])('a change of %s has the bridge compiled anew: %s', async (path, isCompiled) => {
  const before = write(join(folder, 'before'), {
    'native/module.cc': 'int a;',
    'native/kernels/ssd.cu': 'kernel',
    'native/build.ts': 'flags',
    'native/build.test.ts': 'test',
    'node_modules/node-addon-api/napi.h': 'header',
    'src/train/loop.ts': 'loop',
    'configs/local/smoke.yaml': 'smoke',
  });
  const after = join(folder, 'after');
  cpSync(before, after, { recursive: true });
  expect(await bridgeSourcesHash(after)).toBe(await bridgeSourcesHash(before));
  write(after, { [path]: 'changed' });
  expect((await bridgeSourcesHash(after)) !== (await bridgeSourcesHash(before))).toBe(isCompiled);
});
