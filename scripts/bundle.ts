/**
 * Packs bgb as a folder and a tarball that run on any Linux machine with g++ and a libtorch or PyTorch, without Node, npm,
 * make or Python: build/bundle/bgb-VERSION-linux-ARCH[.tar.gz].
 *
 *     npm run bundle [-- --out DIR] [-- --no-tarball]
 *
 * What is in it: the pinned Node and the four headers that the bridge needs, compiled code, production dependencies without
 * their sources, the bridge's sources, configurations, the EEG sample and `smoke`, which tries it out. It keeps the layout of
 * the repository, so that nothing needs to know where it runs but src/bridge/.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'; // biome-ignore format: one line
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bridgeSourcesHash } from '../src/bridge/index.ts';
import { canonicalJson, sha256, sha256File } from '../src/files/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'build/bundle') },
    tarball: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

interface Package {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const packageOf = (folder: string): Package =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
const own = packageOf(root);
const name = `bgb-${own.version}-linux-${process.arch}`;
const bundle = join(options.out, name);

/** Copies what is there of these files, relative to the repository. */
function copy(files: readonly string[]): void {
  for (const file of files) cpSync(join(root, file), join(bundle, file), { recursive: true });
}

const found = (pattern: string, exclude: (path: string) => boolean = () => false) =>
  globSync(pattern, { cwd: root }).filter((path) => statSync(join(root, path)).isFile() && !exclude(path));

/** Packages that run needs, and theirs. */
function production(names: readonly string[]): string[] {
  return [
    ...new Set(
      names.flatMap((each) => [
        each,
        ...production(Object.keys(packageOf(join(root, 'node_modules', each)).dependencies ?? {})),
      ]),
    ),
  ];
}

function copyNode(): void {
  const node = `node_modules/node-linux-${process.arch}`;
  const headers = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];
  copy([
    `${node}/bin/node`,
    `${node}/LICENSE`,
    `${node}/package.json`,
    ...headers.map((header) => `${node}/include/node/${header}`),
  ]);
  mkdirSync(join(bundle, 'node_modules/.bin'), { recursive: true });
  symlinkSync(`../node-linux-${process.arch}/bin/node`, join(bundle, 'node_modules/.bin/node'));
}

function copyDependencies(): void {
  for (const each of production(Object.keys(own.dependencies ?? {}))) {
    const isHeaders = each === 'node-addon-api';
    copy(
      found(`node_modules/${each}/**/*`, (path) => {
        const isKept = isHeaders ? /\.h$/ : /\.(js|cjs|mjs|json)$/;
        const isDocument = /^(LICENSE|LICENCE|NOTICE)/i.test(basename(path));
        return !(isKept.test(path) || isDocument) || /\/(src|tools|browser)\//.test(path);
      }),
    );
  }
}

rmSync(bundle, { recursive: true, force: true });
mkdirSync(bundle, { recursive: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
execFileSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(bundle, 'dist')],
  { stdio: 'inherit' },
);
// Compiled with them all the same: the code is then byte for byte, and by its hash, that of a clone.
for (const map of globSync('dist/**/*.map', { cwd: bundle })) rmSync(join(bundle, map));
copyNode();
copyDependencies();
const isTest = (path: string) => /\.test\.ts$|\/testing\//.test(path);
copy([
  ...found('native/{.,kernels}/*.{cc,cu,h,ts}', isTest),
  // What native/build.ts imports; Node runs its TypeScript as it is.
  'src/errors.ts',
  ...found('src/files/*.ts', isTest),
  ...found('{configs,data/sample}/**/*'),
  ...['bin/bgb', 'package.json', 'package-lock.json', 'LICENSE'],
]);
symlinkSync('bin/bgb', join(bundle, 'bgb'));
cpSync(join(root, 'scripts/bundle-smoke.sh'), join(bundle, 'smoke'));
cpSync(join(root, 'scripts/bundle-readme.txt'), join(bundle, 'README.txt'));
for (const program of ['smoke', 'bin/bgb', `node_modules/node-linux-${process.arch}/bin/node`])
  chmodSync(join(bundle, program), 0o755);

const files = globSync('**/*', { cwd: bundle })
  .filter((path) => statSync(join(bundle, path)).isFile())
  .sort();
const hashes = await Promise.all(files.map(async (path) => [path, await sha256File(join(bundle, path))]));
const id = sha256(canonicalJson(hashes)).slice(0, 16);
const about = {
  id,
  version: own.version,
  node: process.version,
  bridge: await bridgeSourcesHash(bundle),
  files: files.length,
};
writeFileSync(join(bundle, 'bundle.json'), `${JSON.stringify(about, null, 2)}\n`);
console.log(`${relative(process.cwd(), bundle)}: ${files.length} files, id ${id}`);

if (options.tarball) {
  const tarball = `${bundle}.tar.gz`;
  // The same files give the same tarball: order, owner and times are fixed; gzip is told no name and no time.
  const tar = [
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '-C',
    dirname(bundle),
  ];
  execFileSync('tar', [...tar, '-I', 'gzip -9n', '-cf', tarball, name], { stdio: 'inherit' });
  console.log(
    `${relative(process.cwd(), tarball)}: ${(statSync(tarball).size / 1e6).toFixed(1)} MB, SHA-256 ${await sha256File(tarball)}`,
  );
}
