import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bridgeSourcesHash } from '../src/bridge/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-bundle-'));
let bundle: string;
beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), '--no-tarball', '--out', folder]);
  [bundle] = globSync(join(folder, 'bgb-*-linux-*')) as [string];
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Without anything of this environment but where libtorch may be. */
function run(program: string, ...parameters: string[]) {
  const { BGB_LIBTORCH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(join(bundle, program), parameters, {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: folder, BGB_LIBTORCH },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('it holds what runs and nothing of development', () => {
  const files = globSync('**/*', { cwd: bundle });
  expect(files.filter((path) => /\.test\.|\/testing\/|\.map$/.test(path))).toEqual([]);
  const packages = globSync('node_modules/*', { cwd: bundle }).map((path) =>
    path.replace('node_modules/', ''),
  );
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(packages.sort()).toEqual([...Object.keys(dependencies), `node-linux-${process.arch}`].sort());
  // Every package with its licence.
  for (const name of packages)
    expect(globSync(`node_modules/${name}/LICEN*`, { cwd: bundle }), name).not.toEqual([]);
});

test('its compiled code is that of a clone, byte for byte, so that runs of both have one hash', () => {
  // Of the clone as `make setup` leaves it: a source that seldom changes.
  expect(readFileSync(join(bundle, 'dist/errors.js'), 'utf8')).toBe(
    readFileSync(join(root, 'dist/errors.js'), 'utf8'),
  );
});

test('it says what its bridge is compiled from, as the clone does', async () => {
  const about = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8'));
  expect(about.bridge).toBe(await bridgeSourcesHash(root));
});

test('every source that the bridge is compiled from is there, the kernels of CUDA among them', () => {
  const sources = globSync('native/**/*.{cc,cu,h}', { cwd: bundle });
  expect(sources.filter((path) => path.startsWith('native/kernels/')).sort()).toEqual(
    globSync('native/kernels/*.cu', { cwd: root }).sort(),
  );
  for (const path of sources)
    for (const [, included] of readFileSync(join(bundle, path), 'utf8').matchAll(/^#include "(.+)"/gm))
      expect(sources, `included by ${path}`).toContain(`native/${included}`);
});

test('its commands run on what is in it, with the bridge that is built for it', () => {
  expect(run('bgb', '--version')).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  cpSync(join(root, 'build/bridge'), join(bundle, 'build/bridge'), { recursive: true });
  const config = join(bundle, 'configs/local/smoke.yaml');
  expect(run('bgb', 'model', config, '--json')).toMatchObject({ status: 0 });
  const cache = join(folder, 'cache');
  const built = run('bgb', 'build-cache', '--data-dir', join(bundle, 'data/sample/chb01'), '--cache-dir', cache, '--split', 'train', '--config', config); // biome-ignore format: one command
  expect(built).toMatchObject({ status: 0 });
});

test('where there is no libtorch it says what to install', () => {
  rmSync(join(bundle, 'build'), { recursive: true, force: true });
  const { status, stderr } = spawnSync(
    join(bundle, 'bgb'),
    ['model', join(bundle, 'configs/local/smoke.yaml')],
    { env: { PATH: '/usr/bin:/bin', HOME: folder, BGB_LIBTORCH: join(folder, 'nowhere') }, encoding: 'utf8' },
  );
  expect(status).toBe(2);
  expect(stderr).toMatch(/BGB_LIBTORCH is '.*nowhere', but .* does not exist/);
  expect(stderr).toMatch(/bgb: the bridge to libtorch cannot be built; see the line above\./);
});
