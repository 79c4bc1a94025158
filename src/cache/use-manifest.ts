import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireInside } from './layout.ts';
import type { SplitLook } from './look.ts';
import {
  MANIFEST_FILE,
  type Manifest,
  manifestFile,
  manifestOf,
  manifestText,
  tryManifest,
} from './manifest.ts';
import { writeScan } from './scan.ts';
import { CATEGORIES, surveySplit, type WindowShape } from './survey.ts';
import { validityOf } from './validity.ts';

/** A manifest to be trained from. */
export interface UsableManifest {
  readonly manifest: Manifest;
  /** References of the file. */
  readonly references: number;
  /** Those of them that are to entries that are not there, and left out. */
  readonly missing: number;
}

/**
 * The manifest of a split, ready to be trained from: one that is missing, damaged, empty or stale is rebuilt from the
 * entries and that is said; one that leads out of the cache never is.
 *
 * @param looks at splits that were just looked at: what was read of their entries is not read again
 * @param say takes each sentence about what was rebuilt or left out
 * @throws InputError `CACHE_OUTSIDE`, or as `scanSplit`
 */
export async function usableManifest(
  folder: string,
  shape: WindowShape,
  {
    isRebuildForced = false,
    looks = [] as readonly SplitLook[],
    say = (_sentence: string): void => undefined,
  } = {},
): Promise<UsableManifest> {
  const path = join(folder, MANIFEST_FILE);
  const look = looks.find((each) => isLookAt(each, folder, shape)) ?? null;
  // The usual case: nothing of the file need be understood.
  if (look !== null && !isRebuildForced && (await listsAsItIs(look)))
    return { manifest: look.listing, references: windowsOf(look.listing), missing: 0 };
  const attempt = await tryManifest(folder, shape);
  await requireInside(folder, [MANIFEST_FILE, ...attempt.references]);
  const survey = look?.survey ?? (await surveySplit(folder, shape));
  const usable = (manifest: Manifest, missing = 0) => ({
    manifest,
    references: windowsOf(manifest) + missing,
    missing,
  });
  const rebuilt = async (reason: string, { isUseless = true } = {}) => {
    if (isUseless) await rm(path, { force: true }).catch(() => undefined);
    const { manifest } = await writeScan(survey, { isRebuildForced: true });
    const { references, ...rest } = usable(manifest);
    say(`${path} was built again (${reason}): ${references} windows.`);
    return { references, ...rest };
  };
  if (isRebuildForced) return rebuilt('BGB_FORCE_MANIFEST_REBUILD');
  const { manifest, problem, isOfOtherWindows } = attempt;
  // One that is whole but of other windows stays until there is another: the window may be a slip of the pen.
  if (manifest === null || problem !== null) return rebuilt(problem!, { isUseless: !isOfOtherWindows });
  const { isValid, reason, missing } = validityOf(manifest, survey);
  if (!isValid) return rebuilt(reason!);
  if (reason !== null) say(`${path}: ${reason}.`);
  return missing === 0 ? usable(manifest) : usable(manifestOf(survey), missing);
}

/** Whether a look saw all of a folder's entries, as these windows; those that could not be read have to be named. */
function isLookAt({ survey, unusable, foreign }: SplitLook, folder: string, shape: WindowShape): boolean {
  const isSameShape = survey.shape.length === shape.length && survey.shape.stride === shape.stride;
  return survey.folder === folder && isSameShape && unusable.length + foreign.length === 0;
}

/** Whether the file there is to the byte what a manifest of these entries is. */
async function listsAsItIs({ folder, listing }: SplitLook): Promise<boolean> {
  if (windowsOf(listing) === 0) return false;
  return (await manifestFile(folder)).text === manifestText(listing);
}

function windowsOf(manifest: Manifest): number {
  return CATEGORIES.reduce((sum, category) => sum + manifest[category].length, 0);
}
