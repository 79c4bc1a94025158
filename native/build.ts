/**
 * Builds the bridge, `build/bridge/bgb.node`, from native/*.cc. Calls g++ directly: a machine needs neither
 * node-gyp, make, cmake nor Python's headers, and no setting of npm plays a part.
 *
 *     node native/build.ts [--quiet] [--node-headers DIR] [--sources DIR] [--out DIR]
 *
 * Exit code 0: built, or nothing to do. 1: g++ refused something. 2: a wrong setting or unsupported
 * libtorch. 4: no libtorch on this machine.
 */
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BgbError, InputError } from '../src/errors.ts';
import { canonicalJson, sha256, writeAtomic } from '../src/files/index.ts';
import { withBuildLock } from './build-lock.ts';
import {
  CompileError,
  compileObjects,
  compilerVersion,
  type Environment,
  link,
  sourceWithHeaders,
} from './compile.ts';
import { describeLibtorch, findLibtorch, type Libtorch } from './libtorch.ts';

const NO_LIBTORCH = 4;

export interface BridgeBuild {
  /** The repository, or a bundle of it: node_modules/ is looked for here. */
  root: string;
  sourcesDir: string;
  outDir: string;
  /** The folder of node_api.h. */
  nodeHeaders: string;
  libtorch: Libtorch;
  environment: Environment;
  say: (line: string) => void;
}

/** What `stamp.json` beside the addon records about it. Written last: with it the addon is complete. */
export interface BridgeStamp {
  /** Over sources, flags, compiler, Node and libtorch. */
  hash: string;
  node: string;
  libtorch: Pick<Libtorch, 'source' | 'version' | 'libDir' | 'hasCuda'> & { bytes: number };
}

/** Builds `bgb.node` in `outDir` unless it is there and up to date. Returns whether anything was done. */
export async function buildBridge(build: BridgeBuild): Promise<boolean> {
  const { sourcesDir, outDir, libtorch, environment, say } = build;
  const sources = globSync(join(sourcesDir, '*.cc')).sort();
  if (sources.length === 0) throw new InputError('BRIDGE_SOURCES', `there is no *.cc file in ${sourcesDir}.`);
  if (!existsSync(join(build.nodeHeaders, 'node_api.h')))
    throw new InputError(
      'BRIDGE_HEADERS',
      `there is no node_api.h in ${build.nodeHeaders}. Run 'make setup', or name its folder with --node-headers.`,
    );

  const compile = compileFlags(build);
  const linking = linkFlags(libtorch);
  const library = statSync(join(libtorch.libDir, 'libtorch_cpu.so'));
  const identity = canonicalJson({
    compiler: compilerVersion(environment),
    node: process.version,
    libtorch: { ...libtorch, bytes: library.size, modifiedMs: Math.floor(library.mtimeMs) },
  });
  const texts = sources.map((source) => [basename(source), sourceWithHeaders(source)]);
  const hash = sha256(canonicalJson([identity, compile, linking, texts]));

  const addon = join(outDir, 'bgb.node');
  const stampPath = join(outDir, 'stamp.json');
  if (existsSync(addon) && readStamp(stampPath)?.hash === hash) return false;

  say(describeLibtorch(libtorch));
  const objectsDir = join(outDir, 'objects');
  mkdirSync(outDir, { recursive: true });
  const objects = await compileObjects({ sources, objectsDir, flags: compile, identity, environment, say });
  await link(objects, linking, addon, environment);
  const { source, version, libDir, hasCuda } = libtorch;
  const stamp: BridgeStamp = {
    hash,
    node: process.version,
    libtorch: { source, version, libDir, hasCuda, bytes: library.size },
  };
  await writeAtomic(stampPath, `${JSON.stringify(stamp, null, 2)}\n`);
  return true;
}

function compileFlags({ root, nodeHeaders, libtorch }: BridgeBuild): string[] {
  const { includeDirs, collectives } = libtorch;
  const headers = [
    ...[nodeHeaders, join(root, 'node_modules/node-addon-api')],
    ...[...includeDirs, ...collectives.includeDirs],
  ];
  // PyTorch's headers ask for C++17 since 2.1, use C++20 from 2.9 on and insist on it from 2.14 on.
  const needsCxx20 = libtorch.major > 2 || (libtorch.major === 2 && libtorch.minor >= 9);
  return [
    needsCxx20 ? '-std=c++20' : '-std=c++17',
    '-O2',
    '-fPIC',
    '-pthread',
    ...['-Wall', '-Wextra', '-Werror'],
    ...headers.flatMap((folder) => ['-isystem', folder]), // no warnings about the headers of others
    '-DNODE_ADDON_API_CPP_EXCEPTIONS',
    `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.usesCxx11Abi ? 1 : 0}`,
    ...collectives.macros.map((macro) => `-D${macro}`),
    `-DBGB_TORCH_VERSION_MAJOR=${libtorch.major}`,
    `-DBGB_TORCH_VERSION_MINOR=${libtorch.minor}`,
    ...(libtorch.hasCuda ? ['-DBGB_HAS_CUDA'] : []),
  ];
}

function linkFlags({ libDir, hasCuda }: Libtorch): string[] {
  return [
    '-pthread',
    '-Wl,-z,nodelete', // a worker that ends must not unload code that libtorch's threads still run
    `-Wl,-rpath,${libDir}`,
    `-L${libDir}`,
    '-Wl,--no-as-needed', // libtorch_cuda registers its kernels when loaded; nothing refers to it by name
    ...(hasCuda ? ['-ltorch_cuda', '-lc10_cuda'] : []),
    ...['-ltorch', '-ltorch_cpu', '-lc10'],
  ];
}

function readStamp(path: string): BridgeStamp | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BridgeStamp;
  } catch {
    return null; // not written by this program: built anew, and replaced
  }
}

async function main(): Promise<number> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { values } = parseArgs({
    options: {
      quiet: { type: 'boolean', default: false },
      'node-headers': {
        type: 'string',
        default: join(root, `node_modules/node-linux-${process.arch}/include/node`),
      },
      sources: { type: 'string', default: join(root, 'native') },
      out: { type: 'string', default: join(root, 'build/bridge') },
    },
  });
  const say = (line: string): void => console.log(`bridge: ${line}`);
  const { libtorch, notes } = findLibtorch({ environment: process.env });
  if (libtorch === null) {
    for (const note of notes) say(note);
    say(
      'there is no libtorch here: BGB_LIBTORCH is not set, python3 has no usable torch, no libtorch-dev in /usr',
    );
    return NO_LIBTORCH;
  }
  const startedMs = performance.now();
  const wasBuilt = await withBuildLock(values.out, say, () =>
    buildBridge({
      root,
      sourcesDir: values.sources,
      outDir: values.out,
      nodeHeaders: values['node-headers'],
      libtorch,
      environment: process.env,
      say,
    }),
  );
  if (wasBuilt) {
    for (const note of notes) say(note);
    say(`built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  } else if (!values.quiet) say('up to date');
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof BgbError)) throw error;
    console.error(`bridge: ${error.message}`);
    process.exitCode = error instanceof CompileError ? 1 : 2;
  }
}
