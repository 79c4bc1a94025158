import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the bridge is, or will be built. */
export interface BridgePlace {
  /** bgb's own folder: a clone, or an unpacked bundle. */
  readonly root: string;
  readonly isBundle: boolean;
  /** Holds `bgb.node` and `stamp.json`. */
  readonly folder: string;
  readonly addon: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The bridge is in `build/bridge` of bgb's folder. A bundle whose folder cannot be written keeps it in the user's cache
 * folder (XDG_CACHE_HOME, or `.cache` in the home folder), under the bundle's own id, so that no bundle loads another's.
 */
export function bridgePlace(root: string = ROOT, variables: Variables = process.env): BridgePlace {
  const id = bundleId(root);
  const own = join(root, 'build/bridge');
  const place = (folder: string) => ({
    root,
    isBundle: id !== null,
    folder,
    addon: join(folder, 'bgb.node'),
  });
  if (id === null || existsSync(join(own, 'bgb.node')) || isWritable(own)) return place(own);
  return place(join(variables.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bgb', `bridge-${id}`));
}

/** What tells bundles apart, from `bundle.json`; null in a clone. */
function bundleId(root: string): string | null {
  try {
    return (JSON.parse(readFileSync(join(root, 'bundle.json'), 'utf8')) as { id: string }).id;
  } catch {
    return null;
  }
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // A read-only mount, or a folder of another user.
    return false;
  }
}
