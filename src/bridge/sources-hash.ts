import { globSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, sha256, sha256File } from '../files/index.ts';

/** What the bridge is compiled from, beside a libtorch and a compiler: its sources and their builder, and the headers of Node. */
const SOURCES = [
  'native/{.,kernels}/*.{cc,cu,h,ts}',
  'node_modules/node-addon-api/*.h',
  'node_modules/node-linux-*/include/node/{node_api,js_native_api}*.h',
];

/**
 * A hash that changes exactly when the bridge has to be compiled anew for the same libtorch: nothing else of bgb is in it.
 *
 * @param root a clone, or a bundle of one
 */
export async function bridgeSourcesHash(root: string): Promise<string> {
  const paths = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !path.endsWith('.test.ts'))
    .sort();
  const hashes = paths.map(async (path) => [path, await sha256File(join(root, path))]);
  return sha256(canonicalJson(await Promise.all(hashes))).slice(0, 16);
}
