import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLibtorch } from './libtorch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgb-libtorch-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

// Mangled by g++ from `c10::detail::torchCheckFail(const char*, const char*, unsigned, const std::string&)`.
const NEW_ABI =
  '_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE';
const OLD_ABI = '_ZN3c106detail14torchCheckFailEPKcS2_jRKSs';

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

interface Fake {
  version?: string;
  lib?: string;
  header?: string;
  cuda?: boolean;
  symbols?: string;
}

/** Lays out what the finder looks at: a version header and the three libraries. */
function layOut(prefix: string, fake: Fake = {}): string {
  const { version = '2.11.0', lib = 'lib', cuda = false, symbols = NEW_ABI } = fake;
  const header = fake.header ?? 'torch/csrc/api/include/torch/version.h';
  const [major, minor, patch] = version.split('.');
  write(
    join(prefix, 'include', header),
    `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
  );
  for (const name of ['libtorch.so', 'libtorch_cpu.so', ...(cuda ? ['libtorch_cuda.so'] : [])])
    write(join(prefix, lib, name), '');
  write(join(prefix, lib, 'libc10.so'), `\x7fELF\0${symbols}\0`);
  return prefix;
}

const SYSTEM_LIB = 'lib/x86_64-linux-gnu';

/** A search in which only what the test laid out exists; `python` answers instead of python3. */
function find(environment: Record<string, string> = {}, python?: string) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  if (python !== undefined) {
    writeFileSync(join(bin, 'python3'), `#!/bin/sh\n${python}\n`);
    chmodSync(join(bin, 'python3'), 0o755);
  }
  return findLibtorch({ environment: { PATH: bin, ...environment }, systemRoot: folder, arch: 'x64' });
}

test('BGB_LIBTORCH comes before python3, and python3 before the system', () => {
  const chosen = layOut(join(folder, 'chosen'));
  const package_ = layOut(join(folder, 'site-packages/torch'));
  layOut(join(folder, 'usr'), { version: '1.13.0', lib: SYSTEM_LIB });
  const python = `echo ${package_}`;
  expect(find({ BGB_LIBTORCH: chosen }, python).libtorch?.source).toBe('BGB_LIBTORCH');
  expect(find({}, python).libtorch?.source).toBe('python3');
  expect(find({}, 'exit 0').libtorch?.source).toBe('system');
});

test('nothing anywhere is null, and no note for a python3 without torch', () => {
  expect(find()).toEqual({ libtorch: null, notes: [] });
  expect(find({}, 'exit 0')).toEqual({ libtorch: null, notes: [] });
});

test('what is found is described whole', () => {
  const chosen = layOut(join(folder, 'chosen'), { cuda: true });
  expect(find({ BGB_LIBTORCH: chosen }).libtorch).toEqual({
    source: 'BGB_LIBTORCH',
    collectives: expect.any(Object),
    includeDirs: [join(chosen, 'include'), join(chosen, 'include/torch/csrc/api/include')],
    libDir: join(chosen, 'lib'),
    version: '2.11.0',
    major: 2,
    minor: 11,
    hasCuda: true,
    usesCxx11Abi: true,
  });
});

test("collectives whose headers lie beside libtorch: gloo's in its own folder, NCCL's and CUDA's as pip lays them out", () => {
  const chosen = layOut(join(folder, 'torch'), { cuda: true });
  const put = (path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  };
  put(join(chosen, 'include/gloo/algorithm.h'));
  put(join(folder, 'nvidia/nccl/include/nccl.h'));
  put(join(folder, 'nvidia/cu13/include/cuda_runtime_api.h'));
  put(join(folder, 'nvidia/cu13/include/crt/host_config.h'));
  expect(find({ BGB_LIBTORCH: chosen }).libtorch?.collectives).toEqual({
    macros: ['USE_C10D_GLOO', 'USE_C10D_NCCL'],
    includeDirs: [join(folder, 'nvidia/nccl/include')],
  });
  const onCpu = layOut(join(folder, 'cpu'));
  expect(find({ BGB_LIBTORCH: onCpu }).libtorch?.collectives).toEqual({ macros: [], includeDirs: [] });
});

test('BGB_LIBTORCH that names no libtorch is an error, not a fall-back', () => {
  layOut(join(folder, 'usr'), { version: '1.13.0', lib: SYSTEM_LIB });
  expect(() => find({ BGB_LIBTORCH: '/nowhere' })).toThrow(
    "BGB_LIBTORCH is '/nowhere', but /nowhere does not exist. Expected the folder of an unpacked libtorch",
  );
  expect(() => find({ BGB_LIBTORCH: folder })).toThrow(`there is no torch/version.h under ${folder}/include`);
  const headersOnly = layOut(join(folder, 'chosen'));
  rmSync(join(headersOnly, 'lib/libtorch.so'));
  expect(() => find({ BGB_LIBTORCH: headersOnly })).toThrow(`are not in ${headersOnly}/lib`);
});

test.each(['1.12.1', '1.14.0', '2.0.1', '2.5.1'])('libtorch %s is refused by name', (version) => {
  const chosen = layOut(join(folder, 'chosen'), { version });
  expect(() => find({ BGB_LIBTORCH: chosen })).toThrow(
    `libtorch ${version} in ${chosen}/lib is not supported`,
  );
});

test.each(['1.13.0', '1.13.1', '2.6.0', '2.11.0', '3.0.0'])('libtorch %s is accepted', (version) => {
  const chosen = layOut(join(folder, 'chosen'), { version });
  expect(find({ BGB_LIBTORCH: chosen }).libtorch?.version).toBe(version);
});

test('1.13 is supported without CUDA only', () => {
  const chosen = layOut(join(folder, 'chosen'), { version: '1.13.1', cuda: true });
  expect(() => find({ BGB_LIBTORCH: chosen })).toThrow('libtorch 1.13.1 with CUDA');
});

test("an unsupported torch of python3 is refused, not passed over for the system's", () => {
  const package_ = layOut(join(folder, 'site-packages/torch'), { version: '2.3.1' });
  layOut(join(folder, 'usr'), { version: '1.13.0', lib: SYSTEM_LIB });
  expect(() => find({}, `echo ${package_}`)).toThrow(`libtorch 2.3.1 in ${package_}/lib is not supported`);
});

test.each(['torch/version.h', 'torch/headeronly/version.h'])('the version may stand in %s', (header) => {
  const chosen = layOut(join(folder, 'chosen'), { header });
  write(
    join(chosen, 'include/torch/csrc/api/include/torch/version.h'),
    '#include <torch/headeronly/version.h>',
  );
  expect(find({ BGB_LIBTORCH: chosen }).libtorch?.version).toBe('2.11.0');
});

test('the ABI is read from c10 functions, not from what libstdc++ left in the library', () => {
  const symbols = `_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm\0${OLD_ABI}`;
  const old = layOut(join(folder, 'old'), { symbols });
  expect(find({ BGB_LIBTORCH: old }).libtorch?.usesCxx11Abi).toBe(false);
  const broken = layOut(join(folder, 'broken'), { symbols: '' });
  expect(() => find({ BGB_LIBTORCH: broken })).toThrow('cannot tell the C++ ABI');
});

test("a torch package without libraries of its own, as Debian's, is passed over with a note", () => {
  const package_ = join(folder, 'dist-packages/torch');
  write(join(package_, '__init__.py'), '');
  layOut(join(folder, 'usr'), { version: '1.13.0', lib: SYSTEM_LIB });
  const { libtorch, notes } = find({}, `echo ${package_}`);
  expect(libtorch?.source).toBe('system');
  expect(notes).toEqual([
    `python3's torch package cannot be compiled against and was passed over: there is no torch/version.h under ${package_}/include`,
  ]);
});

test('a python3 that fails is noted', () => {
  expect(find({}, 'echo "pyenv: python3: command not found" >&2; exit 127').notes).toEqual([
    'python3 could not be asked for its torch package: pyenv: python3: command not found',
  ]);
});

test("Debian's reference BLAS is noted, OpenBLAS is not", () => {
  const lib = join(layOut(join(folder, 'usr'), { version: '1.13.0', lib: SYSTEM_LIB }), SYSTEM_LIB);
  const link = join(lib, 'libblas.so.3');
  for (const name of ['blas', 'openblas-pthread']) write(join(lib, name, 'libblas.so.3'), '');
  symlinkSync('blas/libblas.so.3', link);
  expect(find().notes).toEqual([expect.stringContaining('apt-get install -y libopenblas0-pthread')]);
  rmSync(link);
  symlinkSync('openblas-pthread/libblas.so.3', link);
  expect(find().notes).toEqual([]);
});

// The one test with a real python3, which the set-up asks for: a package is found without being imported, and
// a folder that is only called torch is none.
test('python3 is asked for the package without importing it', () => {
  const which = spawnSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' });
  const site = join(folder, 'site');
  layOut(join(site, 'torch'));
  const environment = { PATH: process.env.PATH!, PYTHONPATH: site };
  const search = () => findLibtorch({ environment, systemRoot: folder, arch: 'x64' }).libtorch;
  expect(which.status).toBe(0);
  expect(search()?.libDir).not.toBe(join(site, 'torch/lib'));
  write(join(site, 'torch/__init__.py'), 'raise SystemExit("imported")');
  expect(search()?.libDir).toBe(join(site, 'torch/lib'));
});
