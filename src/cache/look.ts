import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import { isTemporaryName } from '../files/index.ts';
import { CENSUS_FILE, type Losses, readLosses } from './census.ts';
import { Entry } from './entry.ts';
import { isForeign } from './foreign-npz.ts';
import { listEntries, requireInside } from './layout.ts';
import {
  listingOf,
  type Manifest,
  type ManifestAttempt,
  manifestFile,
  manifestText,
  parseManifest,
} from './manifest.ts';
import { FORMAT_VERSION } from './provenance.ts';
import { type Survey, type SurveyedEntry, surveyed, type WindowShape } from './survey.ts';
import { problemOutside, type Validity, validityOf } from './validity.ts';

/** An entry that cannot be read. */
export interface UnusableEntry {
  readonly name: string;
  readonly reason: string;
  /** Whether it is whole but of another version of the format. */
  readonly isOfOtherVersion: boolean;
}

/** The manifest of a split as it stands there. */
export interface ManifestLook extends ManifestAttempt {
  readonly isMissing: boolean;
  /** Whether it is a list of windows, of whatever form, without any. */
  readonly isEmpty: boolean;
  /** What is wrong with references that lead out of the folder. */
  readonly outside: string | null;
  /** Compared with the entries; null where it cannot be. */
  readonly validity: Validity | null;
}

/** All that can be known of a split's folder, whatever is wrong with it. */
export interface SplitLook {
  readonly folder: string;
  /** Windows that are asked for. */
  readonly shape: WindowShape;
  /** Entries that bgb wrote and that can be read. */
  readonly survey: Survey;
  readonly unusable: readonly UnusableEntry[];
  /** Entries of other programs; not read, since each is inflated whole. */
  readonly foreign: readonly string[];
  readonly manifest: ManifestLook;
  /** What a manifest of the readable entries says. */
  readonly listing: Manifest;
  /** null where no build has finished here, or its census cannot be read. */
  readonly losses: Losses | null;
  /** Why the census cannot be read; null where it can, or there is none. */
  readonly censusProblem: string | null;
  readonly hasCensus: boolean;
  /** Temporary files of writes that nobody can still be at. */
  readonly leftovers: readonly string[];
}

/** A build that writes an entry for longer has stopped. */
const LEFTOVER_S = 900;

/**
 * Looks at a split's folder and writes nothing. Headers and labels of entries are read.
 *
 * @param options.isDeep read every entry whole and compare its checksums
 * @param options.isManifestRead false leaves the manifest out, as if there were none
 * @param options.now ms, to tell what was left behind from what is being written
 * @throws InputError `DATA_FOLDER` for a folder that cannot be read, `CACHE_OUTSIDE` for an entry that leads out of it
 */
export async function lookAtSplit(
  folder: string,
  shape: WindowShape,
  { isDeep = false, isManifestRead = true, now = Date.now() } = {},
): Promise<SplitLook> {
  const names = await listEntries(folder);
  await requireInside(folder, names);
  const entries = new Map<string, SurveyedEntry>();
  const unusable: UnusableEntry[] = [];
  const foreign: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const found = tryEntry(path, shape, isDeep);
    if (!('reason' in found)) entries.set(name, found);
    else if (isForeign(path)) foreign.push(name);
    else unusable.push({ name, ...found });
  }
  const survey = { folder, shape, entries };
  const listing = listingOf(survey);
  return {
    folder,
    shape,
    survey,
    unusable,
    foreign,
    manifest: isManifestRead
      ? await lookAtManifest(survey, listing, foreign.length > 0)
      : noManifest('not read'),
    listing,
    ...(await lookAtCensus(folder)),
    hasCensus: existsSync(join(folder, CENSUS_FILE)),
    leftovers: await leftoversIn(folder, now),
  };
}

async function lookAtCensus(folder: string): Promise<Pick<SplitLook, 'losses' | 'censusProblem'>> {
  try {
    return { losses: await readLosses(folder), censusProblem: null };
  } catch (error) {
    return { losses: null, censusProblem: messageOf(error) };
  }
}

function tryEntry(
  path: string,
  shape: WindowShape,
  isDeep: boolean,
): SurveyedEntry | Omit<UnusableEntry, 'name'> {
  try {
    using entry = new Entry(path);
    if (isDeep) entry.verify();
    return surveyed(entry, shape);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const version = /of format version (\d+)/.exec(error.message)?.[1];
    return {
      reason: error.message,
      isOfOtherVersion: version !== undefined && Number(version) !== FORMAT_VERSION,
    };
  }
}

async function lookAtManifest(survey: Survey, listing: Manifest, hasForeign: boolean): Promise<ManifestLook> {
  const { text, problem } = await manifestFile(survey.folder);
  if (text === null) return noManifest(problem);
  // The usual case: nothing of it need be understood.
  if (survey.entries.size > 0 && text === manifestText(listing))
    return {
      ...noManifest(null),
      manifest: listing,
      references: new Set(survey.entries.keys()),
      validity: { isValid: true, reason: null, missing: 0 },
    };
  const attempt = parseManifest(text, survey.shape);
  const outside = await problemOutside(survey.folder, attempt.references);
  const isComparable = attempt.manifest !== null && attempt.problem === null && outside === null;
  return {
    ...attempt,
    isMissing: false,
    isEmpty: attempt.references.size === 0 && listsNothing(text),
    outside,
    validity: isComparable && !hasForeign ? validityOf(attempt.manifest!, survey) : null,
  };
}

function noManifest(problem: string | null): ManifestLook {
  return {
    manifest: null,
    problem,
    references: new Set(),
    isOfOtherWindows: false,
    isMissing: problem === 'there is none',
    isEmpty: false,
    outside: null,
    validity: null,
  };
}

/** Whether a text has lists of windows, or windows at all, and they are empty. */
function listsNothing(text: string): boolean {
  try {
    const content: unknown = JSON.parse(text);
    if (Array.isArray(content)) return content.length === 0;
    return (
      typeof content === 'object' &&
      content !== null &&
      Object.values(content).every(
        (value) => !Array.isArray(value) || value.length === 0 || !value.some(isWindow),
      )
    );
  } catch {
    return false;
  }
}

function isWindow(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Temporary files below a folder that an interrupted write left, relative to it. */
export async function leftoversIn(folder: string, now: number): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const left: string[] = [];
  for (const entry of found) {
    if (!entry.isFile() || !isTemporaryName(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const changed = await stat(path).catch(() => null);
    if (changed !== null && now - changed.mtimeMs > 1000 * LEFTOVER_S) left.push(path);
  }
  return left.sort();
}
