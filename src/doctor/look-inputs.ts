import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { CENSUS_FILE, entryName } from '../cache/index.ts';
import { sha256, sha256File } from '../files/index.ts';
import type { AlteredInput, CacheSubject, RecordingPlace, SplitSubject } from './subject.ts';

interface InputOptions {
  /** Compare the hashes of all annotations, and of all recordings whose file is newer than the entry. */
  readonly isDeep: boolean;
  /** Whether recordings may be read where few are newer. */
  readonly isRead: boolean;
  /** Whether asking for sizes and times takes long there: then only names are looked at, unless deep. */
  readonly isSlow: boolean;
}

/** Recordings that are read to compare them with what they were. */
const MOST_READ = 20;
const MOST_BYTES_READ = 500e6;

/**
 * Files that entries were made of and that are gone or others now (failures A5, A8, D3). Where size and time are as they
 * were, so is the file; an annotation that is newer than its entry is read, and so is a recording where few are.
 */
export async function alteredInputs(
  recordings: readonly RecordingPlace[],
  { splits }: CacheSubject,
  { isDeep, isRead, isSlow }: InputOptions,
): Promise<AlteredInput[]> {
  const folders = new Folders();
  const entries = new Map<string, SplitSubject>();
  for (const split of splits) for (const name of split.survey.entries.keys()) entries.set(name, split);
  const altered: AlteredInput[] = [];
  const newer: { readonly input: AlteredInput; readonly bytes: number; readonly sha256: string }[] = [];
  for (const { folder, name, entry } of recordings) {
    const split = entries.get(entry);
    if (split === undefined) continue;
    const { provenance } = split.survey.entries.get(entry)!;
    // Another recording of the same stem has the entry.
    if (basename(provenance.recording.name) !== basename(name)) continue;
    const path = join(folder, name);
    const recording = entry.replace(/\.npz$/, extname(name));
    const add = (file: string, role: AlteredInput['role'], state: AlteredInput['state']) =>
      altered.push({ recording, entry, file, role, state });
    const builtMs = isSlow && !isDeep ? null : writtenAt(join(split.folder, entry));
    const stats = builtMs === null ? null : statsOf(path);
    const { bytes, sha256 } = provenance.recording;
    if (stats !== null && stats.size !== bytes) add(path, 'recording', 'changed');
    else if (stats !== null && stats.mtimeMs >= builtMs!)
      newer.push({
        input: { recording, entry, file: path, role: 'recording', state: 'changed' },
        bytes,
        sha256,
      });
    for (const annotation of provenance.annotations) {
      if (annotation.name === basename(name)) continue;
      const places = [dirname(path), join(dirname(path), '..')]
        .filter((at) => folders.has(at, annotation.name))
        .map((at) => join(at, annotation.name));
      if (places.length === 0) add(join(dirname(path), annotation.name), 'annotation', 'missing');
      else if (builtMs !== null) {
        const others = [];
        for (const place of places)
          if (await isAltered(place, annotation, builtMs, isDeep)) others.push(place);
        if (others.length === places.length) add(others[0]!, 'annotation', 'changed');
      }
    }
  }
  // A corpus that was copied is newer as a whole: then only sizes tell, unless it is to be read all the same.
  const isLittle =
    newer.length <= MOST_READ && newer.reduce((sum, { bytes }) => sum + bytes, 0) <= MOST_BYTES_READ;
  if (isDeep || (isRead && isLittle))
    for (const { input, bytes, sha256 } of newer)
      if ((await hashOf(input.file, bytes)) !== sha256) altered.push(input);
  return altered;
}

/** Recordings that the last build left out, of which a file has changed since: what it says of them may be mended. */
export function touchedSince(
  recordings: readonly RecordingPlace[],
  { splits }: CacheSubject,
): ReadonlySet<string> {
  const touched = new Set<string>();
  const folders = new Folders();
  for (const { folder: at, losses } of splits) {
    const left = [...(losses?.rejected ?? []).map(({ name }) => name), ...(losses?.unlabelled ?? [])];
    const builtMs = writtenAt(join(at, CENSUS_FILE));
    if (left.length === 0 || builtMs === null) continue;
    const places = Map.groupBy(recordings, ({ entry }) => entry);
    for (const name of left) {
      const inside = places.get(entryName(name)) ?? [];
      const files = inside.flatMap((place) => filesAbout(join(place.folder, place.name), folders));
      if (files.some((file) => changedAt(file) >= builtMs)) touched.add(name);
    }
  }
  return touched;
}

/** The recording, and what may be its annotation: files of its name, and lists for several recordings. */
function filesAbout(recording: string, folders: Folders): string[] {
  const folder = dirname(recording);
  const stem = basename(recording).slice(0, -extname(recording).length).replace(/_eeg$/, '');
  const isList = (name: string) => /summary|seizures-list|^records/i.test(name);
  return [
    ...folders
      .names(folder)
      .filter((name) => name.startsWith(stem) || isList(name))
      .map((name) => join(folder, name)),
    ...folders
      .names(join(folder, '..'))
      .filter(isList)
      .map((name) => join(folder, '..', name)),
  ];
}

/** Whether a file is not as it was when the entry was built; one of the same size is read where it is newer, or always. */
async function isAltered(
  path: string,
  was: { readonly sha256: string; readonly bytes: number },
  builtMs: number,
  isAlwaysRead: boolean,
): Promise<boolean> {
  const stats = statsOf(path);
  if (stats === null) return false;
  if (stats.size !== was.bytes) return true;
  const isRead = isAlwaysRead || changedAt(path) >= builtMs;
  return isRead && (await hashOf(path, stats.size)) !== was.sha256;
}

/** Read at once: a stream takes a millisecond to begin. */
const SMALL = 1 << 20;

/** null for a file that may not be read, which is not as it was either. */
async function hashOf(path: string, bytes: number): Promise<string | null> {
  try {
    return bytes <= SMALL ? sha256(readFileSync(path)) : await sha256File(path);
  } catch {
    return null;
  }
}

/** ms, of which a file system tells some together; a file that was moved into its place keeps the time of its content, but not that of its place. */
function changedAt(path: string): number {
  const stats = statsOf(path);
  return stats === null ? 0 : Math.max(stats.mtimeMs, stats.ctimeMs);
}

function writtenAt(path: string): number | null {
  return statsOf(path)?.mtimeMs ?? null;
}

function statsOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** Names in folders, each read once. */
class Folders {
  readonly #names = new Map<string, ReadonlySet<string>>();

  names(folder: string): string[] {
    return [...this.#of(folder)];
  }

  has(folder: string, name: string): boolean {
    return this.#of(folder).has(name);
  }

  #of(folder: string): ReadonlySet<string> {
    const known = this.#names.get(folder);
    if (known !== undefined) return known;
    let names: string[] = [];
    try {
      names = readdirSync(folder);
    } catch {
      // What may not be looked into holds nothing that is known.
    }
    const found = new Set(names);
    this.#names.set(folder, found);
    return found;
  }
}
