import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sha256 } from '../files/index.ts';

/**
 * SHA-256 over what runs: the TypeScript or compiled JavaScript in use and the bridge's sources, by path and content; tests
 * apart. The same for the same code on any machine, in a clone, a bundle or an image; null where nothing is found.
 *
 * @param root bgb's package folder
 * @param running `src` or `dist`: which of them runs
 */
export async function codeHash(root: string, running: 'src' | 'dist'): Promise<string | null> {
  const files = [
    ...(await filesIn(root, running, running === 'src' ? /\.ts$/ : /\.js$/)),
    ...(await filesIn(root, 'native', /\.(cc|h|cu)$/)),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (!files.some(({ name }) => name.startsWith(running))) return null;
  return sha256(files.map(({ name, content }) => `${name} ${sha256(content)}\n`).join(''));
}

const NO_PART = /\.(test|d)\.[tj]s$|(^|\/)(testing|fixtures|build)\//;

async function filesIn(root: string, folder: string, kind: RegExp) {
  const found = await readdir(join(root, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => kind.test(path) && !NO_PART.test(relative(root, path)));
  return Promise.all(
    paths.map(async (path) => ({ name: relative(root, path), content: await readFile(path) })),
  );
}
