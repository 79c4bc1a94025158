/**
 * Finds the libtorch that the bridge is compiled against: `BGB_LIBTORCH`, then the `torch` package of the
 * `python3` on the PATH, then the system's libtorch-dev. Looks at files only: nothing of libtorch is run.
 *
 *     const { libtorch, notes } = findLibtorch({ environment: process.env });
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../src/errors.ts';

export interface Libtorch {
  source: 'BGB_LIBTORCH' | 'python3' | 'system';
  /** Folders for the compiler, without those that it searches by itself. */
  includeDirs: string[];
  /** Where libtorch.so, libtorch_cpu.so and libc10.so are. */
  libDir: string;
  /** As in torch/version.h, such as `2.11.0`. */
  version: string;
  major: number;
  minor: number;
  hasCuda: boolean;
  /** Collectives among processes whose headers are there, as macros of c10d; folders of those headers. */
  collectives: { macros: string[]; includeDirs: string[] };
  /** Whether its `std::string` is the one of GCC's C++11 ABI; the bridge must be compiled for the same. */
  usesCxx11Abi: boolean;
}

export interface Search {
  environment: Readonly<Record<string, string | undefined>>;
  /** The folder that holds `usr/`; another than `/` in tests. */
  systemRoot?: string;
  /** As `process.arch`. */
  arch?: string;
}

const SUPPORTED = 'bgb supports libtorch 1.13 (CPU) and PyTorch 2.6 or newer (CPU or CUDA)';
const REMEDY =
  "Install a supported one (Debian 12: 'apt-get install libtorch-dev'; elsewhere: 'pip install torch'), or set " +
  'BGB_LIBTORCH to a folder that holds its include/ and lib/.';

/**
 * The first libtorch in the order above, and a note for each place that was passed over.
 * @throws InputError if `BGB_LIBTORCH` names no libtorch, or the first one found is not supported.
 */
export function findLibtorch(search: Search): { libtorch: Libtorch | null; notes: string[] } {
  const { environment, systemRoot = '/', arch = process.arch } = search;
  const notes: string[] = [];

  const chosen = environment.BGB_LIBTORCH;
  if (chosen) {
    const libtorch = libtorchIn('BGB_LIBTORCH', chosen, { arch, systemRoot });
    if (typeof libtorch !== 'string') return { libtorch, notes };
    throw new InputError(
      'LIBTORCH_NOT_FOUND',
      `BGB_LIBTORCH is '${chosen}', but ${libtorch}. Expected the folder of an unpacked libtorch or of a Python ` +
        "'torch' package, with include/ and lib/. Correct it, or unset it to let bgb search.",
    );
  }

  const python = torchOfPython(environment);
  if (python.folder !== null) {
    const libtorch = libtorchIn('python3', python.folder, { arch, systemRoot });
    if (typeof libtorch !== 'string') return { libtorch, notes };
    notes.push(`python3's torch package cannot be compiled against and was passed over: ${libtorch}`);
  } else if (python.note !== null) notes.push(python.note);

  const libtorch = libtorchIn('system', join(systemRoot, 'usr'), { arch, systemRoot });
  if (typeof libtorch === 'string') return { libtorch: null, notes };
  if (usesReferenceBlas(libtorch.libDir))
    notes.push(
      "it computes with Debian's reference BLAS, about 14 times slower than OpenBLAS. Type (as root, or with " +
        'sudo): apt-get install -y libopenblas0-pthread',
    );
  return { libtorch, notes };
}

/** One line for people: `libtorch 2.11.0 (CUDA) of python3, /opt/venv/lib/python3.12/site-packages/torch/lib`. */
export function describeLibtorch(libtorch: Libtorch): string {
  const origin = { BGB_LIBTORCH: 'from BGB_LIBTORCH', python3: 'of python3', system: 'of the system' };
  const device = libtorch.hasCuda ? 'CUDA' : 'CPU';
  return `libtorch ${libtorch.version} (${device}) ${origin[libtorch.source]}, ${libtorch.libDir}`;
}

/** The libtorch under `prefix`, or a clause that says what is missing there. */
function libtorchIn(
  source: Libtorch['source'],
  prefix: string,
  { arch, systemRoot }: { arch: string; systemRoot: string },
): Libtorch | string {
  const systemHeaders = [join(systemRoot, 'usr/local/cuda/include'), join(systemRoot, 'usr/include')];
  if (!existsSync(prefix)) return `${prefix} does not exist`;
  const include = join(prefix, 'include');
  const api = join(include, 'torch/csrc/api/include');
  const version = versionIn(include);
  if (version === null) return `there is no torch/version.h under ${include}`;
  const libDir = [join(prefix, 'lib'), join(prefix, 'lib', multiarch(arch))].find((folder) =>
    ['libtorch.so', 'libtorch_cpu.so', 'libc10.so'].every((name) => existsSync(join(folder, name))),
  );
  if (libDir === undefined)
    return `libtorch.so, libtorch_cpu.so and libc10.so are not in ${join(prefix, 'lib')}`;

  const [major, minor] = version.split('.').map(Number) as [number, number];
  const hasCuda = existsSync(join(libDir, 'libtorch_cuda.so'));
  const isSupported = (major === 1 && minor === 13 && !hasCuda) || (major === 2 && minor >= 6) || major > 2;
  if (!isSupported) {
    const found = `libtorch ${version}${hasCuda ? ' with CUDA' : ''} in ${libDir}`;
    throw new InputError('LIBTORCH_VERSION', `${found} is not supported: ${SUPPORTED}. ${REMEDY}`);
  }
  const cuda = hasCuda ? cudaHeaders(prefix, systemHeaders) : [];
  return {
    source,
    // Naming /usr/include with -isystem would put it before the compiler's own headers, which include it
    // with #include_next and then fail.
    includeDirs: [include, api, ...cuda].filter((folder) => folder !== '/usr/include'),
    libDir,
    version,
    major,
    minor,
    hasCuda,
    collectives: collectivesOf(
      include,
      cuda.length === 0 ? [] : [join(dirname(prefix), 'nvidia/nccl/include'), ...systemHeaders],
    ),
    usesCxx11Abi: usesCxx11Abi(join(libDir, 'libc10.so')),
  };
}

/**
 * CUDA's runtime headers, for graphs and NCCL: beside pip's PyTorch, or of a toolkit. None where there are none; the
 * bridge is then built without either.
 */
function cudaHeaders(prefix: string, systemHeaders: readonly string[]): string[] {
  const packages = dirname(prefix);
  const folders = [
    ...globSync(join(packages, 'nvidia/cu[0-9]*/include')),
    join(packages, 'nvidia/cuda_runtime/include'),
    ...systemHeaders,
  ];
  // pip's package of the runtime lacks crt/, which comes with nvcc or as a package of its own.
  const needed = ['cuda_runtime_api.h', 'crt/host_config.h'];
  return folders.filter((folder) => needed.every((name) => existsSync(join(folder, name)))).slice(0, 1);
}

function versionIn(include: string): string | null {
  // Since 2.10 torch/version.h only includes torch/headeronly/version.h.
  const headers = ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h', 'torch/version.h'];
  for (const header of headers.map((name) => join(include, name)).filter((path) => existsSync(path))) {
    const text = readFileSync(header, 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (parts.every((part) => part !== undefined)) return parts.join('.');
  }
  return null;
}

/**
 * c10d's headers need those of the libraries below them: gloo's come with libgloo-dev or PyTorch itself, NCCL's with the
 * package that pip installs beside PyTorch, or with the system's.
 *
 * @param ncclFolders to look for NCCL in; none without CUDA's headers
 */
function collectivesOf(include: string, ncclFolders: readonly string[]): Libtorch['collectives'] {
  const macros: string[] = [];
  // Only those beside libtorch's own: its C++ classes are those of one version of gloo.
  if (existsSync(join(include, 'gloo/algorithm.h'))) macros.push('USE_C10D_GLOO');
  const nccl = ncclFolders.find((folder) => existsSync(join(folder, 'nccl.h')));
  if (nccl === undefined) return { macros, includeDirs: [] };
  macros.push('USE_C10D_NCCL');
  return { macros, includeDirs: nccl === '/usr/include' ? [] : [nccl] };
}

/**
 * Reads the ABI off the mangled names of c10's own functions that take a `std::string`. Other `__cxx11`
 * symbols prove nothing: a library of the old ABI can carry them from libstdc++.
 */
function usesCxx11Abi(libc10: string): boolean {
  const symbols = readFileSync(libc10, 'latin1');
  if (/_ZN3c10\w*NSt7__cxx1112basic_string/.test(symbols)) return true;
  if (/_ZN3c10\w*RKSs/.test(symbols)) return false;
  throw new InputError(
    'LIBTORCH_ABI',
    `cannot tell the C++ ABI of ${libc10}: none of c10's functions with a std::string is in it. Is it whole? ${REMEDY}`,
  );
}

/** Debian's alternatives point libblas.so.3 at blas/ (reference), openblas-pthread/, atlas/ and others. */
function usesReferenceBlas(libDir: string): boolean {
  const blas = join(libDir, 'libblas.so.3');
  return existsSync(blas) && basename(dirname(realpathSync(blas))) === 'blas';
}

function multiarch(arch: string): string {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[arch];
  if (machine === undefined)
    throw new InputError('LIBTORCH_ARCH', `bgb runs on x64 and arm64 Linux; this is ${arch}.`);
  return `${machine}-linux-gnu`;
}

// Finds the package without importing it, which takes seconds. The working folder is taken off the path: a
// folder of it that is called torch would count as a package.
const WHERE_IS_TORCH = `
import sys, importlib.util
sys.path[:] = [folder for folder in sys.path if folder]
spec = importlib.util.find_spec('torch')
if spec and spec.origin: print(spec.submodule_search_locations[0])
`;

function torchOfPython(environment: Search['environment']): { folder: string | null; note: string | null } {
  const answer = spawnSync('python3', ['-c', WHERE_IS_TORCH], {
    env: { ...environment },
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (answer.status === 0) return { folder: answer.stdout.trim() || null, note: null };
  if ((answer.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    return { folder: null, note: null };
  const reason = answer.stderr?.trim().split('\n').at(-1) || answer.error?.message || `exit ${answer.status}`;
  return { folder: null, note: `python3 could not be asked for its torch package: ${reason}` };
}
