import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { InputError, messageOf } from '../errors.ts';
import { sha256, sha256File, writeAtomic } from '../files/index.ts';
import { type Container, mustExecute, pushOne } from '../places/index.ts';
import { IMAGE_TAG } from './image.ts';
import { RESULTS } from './sandboxes.ts';

/** The packed code that runs there. */
export interface CodeBundle {
  readonly tarball: string;
  /** The start of its SHA-256. */
  readonly hash: string;
  /** What tells compiled bridges apart: a hash of their sources, and the libtorch of the image. */
  readonly bridge: string;
}

/** What goes into a bundle: packed anew when one of these has changed. */
const SOURCES =
  '{src/**/*.ts,native/**/*.{cc,cu,h,ts},configs/**/*.yaml,scripts/bundle*,package-lock.json,bin/bgb}';

/**
 * The bundle of this clone, packed now unless it is up to date, or a given one.
 *
 * @param given a tarball that `npm run bundle` has made, such as on another machine; null: this clone's
 * @throws InputError `MODAL_BUNDLE`
 */
export async function codeBundle(
  root: string,
  given: string | null,
  say: (sentence: string) => void,
): Promise<CodeBundle> {
  if (given !== null) {
    if ((await stat(given).catch(() => null)) === null)
      throw new InputError(
        'MODAL_BUNDLE',
        `--bundle ${given} is not there. npm run bundle in a clone makes one.`,
      );
    return await bundleOf(given);
  }
  const script = join(root, 'scripts/bundle.ts');
  if ((await stat(script).catch(() => null)) === null)
    throw new InputError(
      'MODAL_BUNDLE',
      `Cloud runs are started from a clone of bgb; ${root} is none. Give --bundle with the tarball that this one was unpacked from.`,
    );
  if (process.arch !== 'x64')
    throw new InputError(
      'MODAL_BUNDLE',
      `Modal's machines are x86_64 and this one is ${process.arch}: make a bundle on an x86_64 machine (npm run bundle) and give it with --bundle.`,
    );
  const out = join(root, 'build/bundle');
  const key = await sourcesHash(root);
  const notePath = join(out, 'packed.json');
  const note = JSON.parse(await readFile(notePath, 'utf8').catch(() => '{}')) as {
    key?: string;
    tarball?: string;
  };
  if (
    note.key !== key ||
    note.tarball === undefined ||
    (await stat(note.tarball).catch(() => null)) === null
  ) {
    say('Packing the code (once for each state of the sources) ...');
    const tarball = await packed(script, root, out);
    await writeAtomic(notePath, JSON.stringify({ key, tarball }));
    return await bundleOf(tarball);
  }
  return await bundleOf(note.tarball);
}

/** Packs apart, so that neither one that is killed nor another at the same time leaves half a bundle. @returns its path */
async function packed(script: string, root: string, out: string): Promise<string> {
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(join(out, 'packing-'));
  try {
    await promisify(execFile)(process.execPath, [script, '--out', folder], { cwd: root, maxBuffer: 1 << 24 });
    const [made] = globSync(join(folder, '*.tar.gz'));
    const tarball = join(out, basename(made!));
    await rename(made!, tarball);
    return tarball;
  } catch (cause) {
    throw new InputError('MODAL_BUNDLE', `The code could not be packed: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where the code of a hash lies among the results. */
export function codePath(hash: string): string {
  return `${RESULTS}/.bgb/code/${hash}.tar.gz`;
}

/** Where a compiled bridge lies, as a tarball to be unpacked over the code; deploy/modal/app.py names it the same. */
export function bridgePath(bridge: string): string {
  return `${RESULTS}/.bgb/bridge/${bridge}.tar.gz`;
}

/** Compiles the bridge once, on a machine that costs little, with the image that runs it. */
const BUILD_BRIDGE = `set -e
[ -f "$1" ] && exit 0
code=$(mktemp -d)
tar -xzf "$0" -C "$code" --strip-components=1
"$code/bgb" build-bridge >&2
[ -d "$code/build/bridge" ] || exit 0
mkdir -p "$(dirname "$1")"
tar -czf "$1.new" -C "$code" --exclude=objects build/bridge
mv "$1.new" "$1"
rm -rf "$code"`;

/** Puts the code there, and its compiled bridge, unless they are there. */
export async function bringCode(
  container: Container,
  { tarball, hash, bridge }: CodeBundle,
  say: (sentence: string) => void,
): Promise<void> {
  const commit = ['sync', RESULTS];
  if (await pushOne(container, tarball, codePath(hash), commit)) say(`Code ${hash} sent.`);
  const { code } = await container.execute(['test', '-f', bridgePath(bridge)]);
  if (code === 0) return;
  say('Compiling the bridge to libtorch there (minutes, once for each state of native/) ...');
  await mustExecute(container, ['sh', '-c', BUILD_BRIDGE, codePath(hash), bridgePath(bridge)]);
  await mustExecute(container, commit);
}

async function bundleOf(tarball: string): Promise<CodeBundle> {
  const hash = (await sha256File(tarball)).slice(0, 16);
  return { tarball, hash, bridge: `${(await bridgeIn(tarball)) ?? hash}-${IMAGE_TAG}` };
}

/** What a bundle says its bridge is compiled from; null where it says nothing. */
async function bridgeIn(tarball: string): Promise<string | null> {
  const words = ['-xzOf', tarball, '--wildcards', '--occurrence=1', '*/bundle.json'];
  try {
    const { stdout } = await promisify(execFile)('tar', words);
    return (JSON.parse(stdout) as { bridge?: string }).bridge ?? null;
  } catch {
    return null;
  }
}

async function sourcesHash(root: string): Promise<string> {
  const paths = globSync(SOURCES, { cwd: root }).sort();
  const files = await Promise.all(
    paths.map(async (path) =>
      (await stat(join(root, path))).isFile() ? `${path} ${await sha256File(join(root, path))}` : '',
    ),
  );
  return sha256(files.join('\n'));
}
