import { join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { Entry } from './entry.ts';
import { ForeignEntry } from './foreign-entry.ts';
import { listEntries, splitFolders } from './layout.ts';
import { openEntry } from './open-entry.ts';
import { patientOf } from './patient.ts';
import type { Provenance } from './provenance.ts';
import { writeEntry } from './write-entry.ts';

export interface ConvertOptions {
  /** A cache made elsewhere, or one split of it. */
  readonly from: string;
  readonly to: string;
  /** `data.patient_pattern`, over the paths of the files; null for the naming rules of the corpora. */
  readonly patientPattern: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, result: ConvertResult) => void;
}

/** What became of one file. */
export type ConvertResult =
  | { readonly outcome: 'converted' | 'kept'; readonly name: string; readonly notices: readonly string[] }
  | { readonly outcome: 'rejected'; readonly name: string; readonly reason: string };

/**
 * Writes each file of a cache made elsewhere as an entry of bgb: the recording once instead of overlapping windows.
 * Interrupted and repeated, it goes on; the files are left as they are.
 *
 * @throws InputError `CONVERT_*` when there is nothing to convert, or the result would lie among the files
 */
export async function convertCache({
  from,
  to,
  patientPattern,
  signal,
  onProgress,
}: ConvertOptions): Promise<ConvertResult[]> {
  if (`${resolve(to)}/`.startsWith(`${resolve(from)}/`))
    throw new InputError('CONVERT_FOLDER', `${to} lies in ${from}. Give --to another folder.`);
  const tasks: { folder: string; name: string; target: string }[] = [];
  for (const [split, folder] of await splitFolders(from))
    for (const name of await listEntries(folder))
      tasks.push({
        folder,
        name,
        target: join(split === null || folder === from ? to : join(to, split), name),
      });
  if (tasks.length === 0) throw new InputError('CONVERT_EMPTY', `${from} holds no .npz files. Check --from.`);
  const results: ConvertResult[] = [];
  for (const [index, { folder, name, target }] of tasks.entries()) {
    signal.throwIfAborted();
    const result = await convert(folder, name, target, patientPattern);
    results.push(result);
    onProgress(index + 1, tasks.length, result);
  }
  return results;
}

async function convert(
  folder: string,
  name: string,
  target: string,
  patientPattern: string | null,
): Promise<ConvertResult> {
  try {
    using entry = openEntry(folder, name);
    if (!(entry instanceof ForeignEntry))
      return {
        outcome: 'rejected',
        name,
        reason: `${entry.path} is an entry of bgb already; it needs no conversion.`,
      };
    const patient = patientPattern === null ? entry.provenance.patient : patientOf(name, patientPattern);
    const provenance = { ...entry.provenance, patient };
    if (isAlready(target, provenance)) return { outcome: 'kept', name, notices: provenance.notices };
    await writeEntry(target, { ...entry.content, provenance });
    return { outcome: 'converted', name, notices: entry.provenance.notices };
  } catch (error) {
    if (error instanceof InputError) return { outcome: 'rejected', name, reason: error.message };
    throw error;
  }
}

/** Whether a whole entry of the same content is there. */
function isAlready(path: string, { key, patient }: Provenance): boolean {
  try {
    using entry = new Entry(path);
    return entry.provenance.key === key && entry.provenance.patient === patient;
  } catch {
    return false;
  }
}
