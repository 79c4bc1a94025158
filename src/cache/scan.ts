import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import {
  MANIFEST_FILE,
  type Manifest,
  manifestFile,
  manifestOf,
  manifestText,
  parseManifest,
} from './manifest.ts';
import { isTuszFormat, isTuszName } from './published.ts';
import { type Survey, surveySplit, type WindowShape } from './survey.ts';
import { problemOutside, validityOf } from './validity.ts';

export interface Scan {
  /** Of the entries that are there. */
  readonly manifest: Manifest;
  readonly path: string;
  /** Whether the file there was valid and has been left as it was. */
  readonly isUnchanged: boolean;
  /** What is to be said of the file that was left; null for nothing. */
  readonly reason: string | null;
  /** Entries that were made elsewhere: each is read whole. */
  readonly madeElsewhere: number;
  /** Whether the entries are TUSZ's, by their names and annotations. */
  readonly isTusz: boolean;
}

/**
 * Builds a split's manifest from its entries, unless the one there is valid; that one is left to the byte. References
 * of the one there are not opened.
 *
 * @param isCheck only compare, write nothing
 * @param isRebuildForced write one in any case
 * @throws InputError `CACHE_EMPTY` without entries or windows, `CACHE_NO_SEIZURE` without a seizure window:
 * such a manifest is never written (failures D1); `CACHE_MANIFEST` where a check finds that one is to be written
 */
export async function scanSplit(
  folder: string,
  shape: WindowShape,
  { isCheck = false, isRebuildForced = false } = {},
): Promise<Scan> {
  return writeScan(await surveySplit(folder, shape), { isCheck, isRebuildForced });
}

/** {@link scanSplit} of entries that have been looked at. */
export async function writeScan(
  survey: Survey,
  { isCheck = false, isRebuildForced = false } = {},
): Promise<Scan> {
  const { folder, entries } = survey;
  const path = join(folder, MANIFEST_FILE);
  const manifest = manifestOf(survey);
  const text = manifestText(manifest);
  const { isValid, reason } = await standing(survey, text);
  const isUnchanged = isValid && (isCheck || !isRebuildForced);
  if (!isValid && isCheck)
    throw new InputError(
      'CACHE_MANIFEST',
      `${path} is not valid: ${reason?.replace(/\.$/, '')}. Run bgb scan-cache.`,
    );
  if (!isUnchanged && !isCheck) await writeAtomic(path, text);
  const all = [...entries];
  return {
    manifest,
    path,
    isUnchanged,
    reason: isUnchanged ? reason : null,
    madeElsewhere: all.filter(([, { isMadeElsewhere }]) => isMadeElsewhere).length,
    isTusz: all.every(
      ([name, { provenance }]) => isTuszName(name) && isTuszFormat(provenance.annotations[0]!.format),
    ),
  };
}

/** Whether the manifest there is valid, and what is to be said of it. */
async function standing(survey: Survey, text: string): Promise<{ isValid: boolean; reason: string | null }> {
  const { folder, shape } = survey;
  const file = await manifestFile(folder);
  if (file.text === null) return { isValid: false, reason: file.problem };
  // The usual case: nothing of it need be understood.
  if (file.text === text) return { isValid: true, reason: null };
  const attempt = parseManifest(file.text, shape);
  const outside = await problemOutside(folder, attempt.references);
  if (outside !== null) return { isValid: false, reason: outside };
  if (attempt.manifest === null || attempt.problem !== null)
    return { isValid: false, reason: attempt.problem };
  return validityOf(attempt.manifest, survey);
}
