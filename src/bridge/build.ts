import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BgbError, InputError } from '../errors.ts';
import { type BridgePlace, bridgePlace } from './place.ts';

/** What `stamp.json` says of a bridge; native/build.ts writes it. */
export interface BridgeBuilt {
  readonly node: string;
  readonly libtorch: {
    readonly source: string;
    readonly version: string;
    readonly libDir: string;
    readonly hasCuda: boolean;
    /** Size of its libtorch_cpu.so, by which another version is noticed. */
    readonly bytes?: number;
  };
}

/**
 * The addon's path. In a bundle it is built first where there is none, or where its libtorch is gone, has changed, or is not
 * the one that BGB_LIBTORCH names.
 *
 * @throws InputError `BRIDGE_MISSING` in a clone that is not set up; as {@link buildBridge}
 */
export function ensureBridge(place: BridgePlace = bridgePlace()): string {
  if (place.isBundle && !isCurrent(place)) buildBridge(place);
  if (!existsSync(place.addon))
    throw new InputError(
      'BRIDGE_MISSING',
      `the bridge to libtorch is not built: ${place.addon} is missing. Run 'make setup'.`,
    );
  return place.addon;
}

/** Exit code of native/build.ts where there is no libtorch. */
const NO_LIBTORCH = 4;

/**
 * Builds the bridge against the libtorch of this machine, unless it is there and up to date. What the compiler says goes to
 * standard error.
 *
 * @throws InputError `BRIDGE_LIBTORCH` without a libtorch, `BRIDGE_BUILD` where something else must be mended first
 */
export function buildBridge({ root, folder }: BridgePlace): BridgeBuilt {
  const builder = join(root, 'native/build.ts');
  const { status, error } = spawnSync(process.execPath, [builder, '--quiet', '--out', folder], {
    stdio: ['ignore', 2, 2],
  });
  if (status === NO_LIBTORCH)
    throw new InputError(
      'BRIDGE_LIBTORCH',
      "bgb needs libtorch: install PyTorch ('pip install torch', with its python3 on the PATH) or Debian's libtorch-dev, or set BGB_LIBTORCH to the folder of an unpacked libtorch, with include/ and lib/.",
    );
  if (status === 2)
    throw new InputError('BRIDGE_BUILD', 'the bridge to libtorch cannot be built; see the line above.');
  const built = stampIn(folder);
  if (status !== 0 || built === null)
    throw new BgbError(
      'BRIDGE_BUILD',
      `building the bridge to libtorch failed${error ? `: ${error.message}` : ''}; the compiler's words are above.`,
      { cause: error },
    );
  return built;
}

function isCurrent({ folder, addon }: BridgePlace): boolean {
  const built = stampIn(folder);
  if (built === null || !existsSync(addon)) return false;
  const { libDir, bytes } = built.libtorch;
  const library = statSync(join(libDir, 'libtorch_cpu.so'), { throwIfNoEntry: false });
  if (library === undefined || (bytes !== undefined && library.size !== bytes)) return false;
  const chosen = process.env.BGB_LIBTORCH;
  return !chosen || (existsSync(chosen) && realpathSync(libDir).startsWith(`${realpathSync(chosen)}/`));
}

function stampIn(folder: string): BridgeBuilt | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'stamp.json'), 'utf8')) as BridgeBuilt;
  } catch {
    // Not there, or not whole: not built.
    return null;
  }
}
