import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { captureEnvironment, describeEnvironment, environmentChanges } from './environment.ts';
import { mountOf } from './mount.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bgb-environment-'));
});
afterEach(async () => rm(root, { recursive: true }));

const capture = (folder = root, variables = {}) =>
  captureEnvironment({
    root: folder,
    version: '0.1.0',
    libtorch: '2.11.0',
    cuda: '13.0',
    gpus: ['NVIDIA H200'],
    device: 'cuda',
    threads: 2,
    variables,
  });

function git(...parameters: string[]): string {
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.org',
    '-c',
    'commit.gpgsign=false',
  ];
  return execFileSync('git', ['-C', root, ...identity, ...parameters], { encoding: 'utf8' }).trim();
}

test('the fingerprint has versions, machine and lock file, and no host name', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  const environment = await capture();
  expect(environment).toMatchObject({
    bgb: '0.1.0',
    code: null,
    lock_file: createHash('sha256').update('{}').digest('hex'),
    node: process.version,
    libtorch: '2.11.0',
    device: 'cuda',
    threads: 2,
  });
  expect(environment.memory_bytes).toBeGreaterThan(2 ** 28);
  expect(Object.values(environment)).not.toContain(hostname());
  expect(JSON.stringify(environment)).not.toContain(root);
});

test('the commit is told, and whether files differ from it; not that of a repository around the package', async () => {
  git('init', '-q');
  await writeFile(join(root, 'a.ts'), '1');
  git('add', 'a.ts');
  git('commit', '-qm', 'one');
  const commit = git('rev-parse', 'HEAD');
  expect((await capture()).code).toEqual({ commit, is_dirty: false });
  await writeFile(join(root, 'a.ts'), '2');
  expect((await capture()).code).toEqual({ commit, is_dirty: true });
  await mkdir(join(root, 'node_modules', 'bgb'), { recursive: true });
  expect((await capture(join(root, 'node_modules', 'bgb'))).code).toBeNull();
});

test('looking at the repository does not write to it, which would take its lock', async () => {
  git('init', '-q');
  await writeFile(join(root, 'a.ts'), '1');
  git('add', 'a.ts');
  git('commit', '-qm', 'one');
  // The same content at another time: git status would write that down in the index.
  await utimes(join(root, 'a.ts'), 1e9, 1e9);
  const index = await readFile(join(root, '.git/index'));
  expect((await capture()).code).toMatchObject({ is_dirty: false });
  expect(await readFile(join(root, '.git/index'))).toEqual(index);
});

test('H1: every BGB_* variable is stored and printed, secrets only as set', async () => {
  const variables = {
    BGB_LIMIT_FILES: '50',
    BGB_API_TOKEN: 'abc',
    PATH: '/bin',
    BGB_DEVICE: '',
    BGB_GONE: undefined,
    BGB_PROCESS: '0/2:0',
  };
  const expected = { BGB_API_TOKEN: '(set)', BGB_DEVICE: '', BGB_LIMIT_FILES: '50' };
  const environment = await capture(root, variables);
  expect(environment.variables).toEqual(expected);
  expect(describeEnvironment(environment)).toContain('In force: BGB_LIMIT_FILES=50');
});

test('changes that can show in the results are told', async () => {
  const before = await capture();
  expect(environmentChanges(before, { ...before, variables: { BGB_X: '1' }, memory_bytes: 1 })).toEqual([]);
  const [change, ...more] = environmentChanges(before, { ...before, threads: 4 });
  expect(change).toContain('threads was 2 and is now 4');
  expect(more).toEqual([]);
});

test('file systems of cache and run folder are told by kind, not by name', async () => {
  const folders = { cache: join(root, 'cache'), output: '/proc/self' };
  const given = { root, version: '0.1.0', libtorch: null, cuda: null, gpus: [], device: 'cpu', threads: 1 };
  const environment = await captureEnvironment({ ...given, variables: {}, folders });
  expect(environment.mounts).toEqual({
    cache: await mountOf(root),
    output: { mount_point: '/proc', file_system: 'proc', kind: 'unknown' },
  });
  expect(describeEnvironment(environment).join('\n')).toContain('run folder on proc at /proc');
  expect((await capture()).mounts).toBeNull();
});

test('changed code is told once: by its commit where that changed, else by its hash', async () => {
  const before = { ...(await capture()), code: { commit: 'a', is_dirty: true }, code_sha256: '1' };
  const told = (after: object) =>
    environmentChanges(before, { ...before, ...after }).map((text) => text.split(' ')[0]);
  expect(told({ code_sha256: '2' })).toEqual(['code_sha256']);
  expect(told({ code_sha256: '2', code: { commit: 'b', is_dirty: false } })).toEqual(['code']);
  expect(environmentChanges({ ...before, code_sha256: null }, before)).toEqual([]);
});
