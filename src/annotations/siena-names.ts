import { basename } from 'node:path';

export const isRecordingName = (name: string) => /\.(edf|bdf)$/i.test(name);

/** Without extension, case and spaces, and with zeros for the letter O: PN06's list has `PNO6-1.edf`. */
function normal(name: string): string {
  return name
    .replace(/\.(edf|bdf)$/i, '')
    .replace(/\s/g, '')
    .toLowerCase()
    .replaceAll('o', '0');
}

export type NameMatch = 'same' | 'repaired' | 'other';

/**
 * Whether a name in a Siena list means a recording. Besides names that differ in case, spaces or O for zero, a name
 * that stops short (`PN01.edf` of `PN01-1.edf`, `PN11-.edf` of `PN11-1.edf`) means the only recording of the folder
 * that begins so; no name at all means the only recording of the folder.
 *
 * @param listed null where the list gives none
 * @param siblings names in the recording's folder
 */
export function matchName(
  listed: string | null,
  recordingPath: string,
  siblings: ReadonlySet<string>,
): NameMatch {
  const own = basename(recordingPath);
  if (listed === own) return 'same';
  const recordings = [...siblings].filter(isRecordingName);
  if (listed === null) return recordings.length === 1 ? 'repaired' : 'other';
  if (siblings.has(listed)) return 'other';
  const wanted = normal(listed);
  if (wanted === normal(own)) return 'repaired';
  const begins = recordings.filter((name) => isShortFor(wanted, normal(name)));
  return begins.length === 1 && begins[0] === own ? 'repaired' : 'other';
}

/** `pn1` is short for `pn1-1`, not for `pn10-1`. */
function isShortFor(short: string, name: string): boolean {
  if (short === '' || !name.startsWith(short)) return false;
  return !(/\d$/.test(short) && /^\d/.test(name.slice(short.length)));
}
