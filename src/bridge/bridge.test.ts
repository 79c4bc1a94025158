import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bridgePlace, buildBridge, ensureBridge } from './index.ts';

let root: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bgb-bridge-'));
  home = join(root, 'home');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const place = () => bridgePlace(root, { XDG_CACHE_HOME: home });

/** A libtorch as far as the stamp looks: a library of so many bytes. */
function libtorchOf(bytes: number, name = 'libtorch'): string {
  mkdirSync(join(root, name, 'lib'), { recursive: true });
  writeFileSync(join(root, name, 'lib/libtorch_cpu.so'), Buffer.alloc(bytes));
  return join(root, name);
}

/** Makes the folder a bundle whose builder writes what a real one does, and counts how often it is called. */
function makeBundle(libtorch: string): void {
  writeFileSync(join(root, 'bundle.json'), '{"id": "0123456789abcdef"}');
  mkdirSync(join(root, 'native'));
  writeFileSync(
    join(root, 'native/build.ts'),
    `import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
const out: string = process.argv[process.argv.indexOf('--out') + 1];
const libDir = (process.env.BGB_LIBTORCH || '${libtorch}') + '/lib';
mkdirSync(out, { recursive: true });
appendFileSync('${join(root, 'built')}', '1');
writeFileSync(out + '/bgb.node', '');
const libtorch = { source: 'system', version: '1.13.0', libDir, hasCuda: false, bytes: statSync(libDir + '/libtorch_cpu.so').size };
writeFileSync(out + '/stamp.json', JSON.stringify({ node: 'v24', libtorch }));`,
  );
}

const timesBuilt = () => readFileSync(join(root, 'built'), 'utf8').length;

test('a clone has its bridge in build/, and is not built unasked', () => {
  expect(place()).toEqual({
    root,
    isBundle: false,
    folder: join(root, 'build/bridge'),
    addon: join(root, 'build/bridge/bgb.node'),
  });
  expect(() => ensureBridge(place())).toThrow(
    expect.objectContaining({ name: 'InputError', code: 'BRIDGE_MISSING' }),
  );
});

test('a bundle that cannot be written keeps its bridge in the cache folder, under its id', () => {
  writeFileSync(join(root, 'bundle.json'), '{"id": "0123456789abcdef"}');
  expect(place().folder).toBe(join(root, 'build/bridge'));
  rmSync(join(root, 'build'), { recursive: true });
  // A file where a folder would be made: refused to root, too, unlike a mode of 555.
  writeFileSync(join(root, 'build'), '');
  expect(place().folder).toBe(join(home, 'bgb/bridge-0123456789abcdef'));
  expect(bridgePlace(root, {}).folder).toMatch(/\/\.cache\/bgb\/bridge-0123456789abcdef$/);
});

test('a bundle builds at the first start, and again only where the libtorch is another', () => {
  vi.stubEnv('BGB_LIBTORCH', '');
  const libtorch = libtorchOf(10);
  makeBundle(libtorch);
  expect(ensureBridge(place())).toBe(join(root, 'build/bridge/bgb.node'));
  ensureBridge(place());
  expect(timesBuilt()).toBe(1);
  libtorchOf(11);
  ensureBridge(place());
  expect(timesBuilt()).toBe(2);
  vi.stubEnv('BGB_LIBTORCH', libtorchOf(11, 'another'));
  ensureBridge(place());
  ensureBridge(place());
  expect(timesBuilt()).toBe(3);
  vi.stubEnv('BGB_LIBTORCH', '');
  rmSync(join(root, 'another'), { recursive: true });
  ensureBridge(place());
  expect(timesBuilt()).toBe(4);
});

test.each([
  ['process.exit(4)', { name: 'InputError', code: 'BRIDGE_LIBTORCH' }],
  ['process.exit(2)', { name: 'InputError', code: 'BRIDGE_BUILD' }],
  ['process.exit(1)', { name: 'BgbError', code: 'BRIDGE_BUILD' }],
])('what the builder says by %s is passed on', (script, error) => {
  makeBundle(libtorchOf(10));
  writeFileSync(join(root, 'native/build.ts'), script);
  expect(() => buildBridge(place())).toThrow(expect.objectContaining(error));
});
