import { access } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { InputError } from '../errors.ts';
import type { AnnotationNotice, FoundAnnotation } from './annotation.ts';
import { readLines } from './text-lines.ts';

/** PhysioNet's index of a corpus, and CHB-MIT's of those recordings that hold a seizure. */
const INDEX = 'RECORDS';
const SEIZURE_INDEX = 'RECORDS-WITH-SEIZURES';

/** What a corpus' two indices say of one recording. */
export interface RecordsStatement {
  /**
   * With what was found elsewhere. Nothing found and only in `RECORDS`: a recording without seizure. Found, and
   * otherwise than the indices say: what was found is used, since it has the times, with a notice.
   *
   * @throws InputError `ANNOTATION_CONTRADICTION` where it is said to hold a seizure and nothing says when
   */
  readonly join: (found: FoundAnnotation | null) => FoundAnnotation;
}

/**
 * CHB-MIT's rule: a recording in `RECORDS` but not in `RECORDS-WITH-SEIZURES` is background, also where no summary
 * has a line of it (ten recordings of chb24). Both files lie beside the recording or in the folder above, and have
 * a path relative to where they lie in each line; of those beside it, the file's name suffices.
 *
 * @returns null where there are not both, or neither names the recording
 * @throws InputError `ANNOTATION_READ`
 */
export async function recordsStatement(recordingPath: string): Promise<RecordsStatement | null> {
  const beside = dirname(recordingPath);
  for (const folder of [beside, join(beside, '..')]) {
    const paths = [join(folder, INDEX), join(folder, SEIZURE_INDEX)] as const;
    if (!(await exists(paths[0])) || !(await exists(paths[1]))) continue;
    const isNamed = async (path: string) => {
      const name = relative(folder, recordingPath).replaceAll('\\', '/');
      const lines = (await readLines(path)).map(({ text }) => text.trim());
      // A corpus copied into one folder has lost the folders that its indices name.
      return lines.some((line) => line === name || (folder === beside && basename(line) === name));
    };
    const [isRecord, hasSeizure] = [await isNamed(paths[0]), await isNamed(paths[1])];
    if (isRecord || hasSeizure)
      return { join: (found) => joined(found, recordingPath, paths, { isRecord, hasSeizure }) };
  }
  return null;
}

function joined(
  found: FoundAnnotation | null,
  recordingPath: string,
  [index, seizureIndex]: readonly [string, string],
  { isRecord, hasSeizure }: { isRecord: boolean; hasSeizure: boolean },
): FoundAnnotation {
  const format = 'chbmit-records' as const;
  const sources = (role: 'seizures' | 'compared') =>
    [index, seizureIndex].map((path) => ({ path, format, role }));
  if (found === null) {
    if (hasSeizure)
      throw new InputError(
        'ANNOTATION_CONTRADICTION',
        `${seizureIndex} lists ${basename(recordingPath)}, but no annotation says when its seizures are. Get the summary of this patient, or remove the recording.`,
      );
    return { format, path: index, events: [], durationS: null, notices: [], sources: sources('seizures') };
  }
  const count = found.events.filter(({ meaning }) => meaning === 'seizure').length;
  const name = basename(recordingPath);
  const notices: AnnotationNotice[] = [];
  const contradiction = (message: string) => notices.push({ code: 'ANNOTATION_CONTRADICTION', message });
  if (hasSeizure !== count > 0)
    contradiction(
      `${basename(found.path)} (${found.format}) is used and has ${count} seizures of ${name}, while ${SEIZURE_INDEX} ${hasSeizure ? 'lists' : 'does not list'} it`,
    );
  if (!isRecord) contradiction(`${SEIZURE_INDEX} lists ${name}, ${INDEX} does not`);
  return {
    ...found,
    notices: [...found.notices, ...notices],
    sources: [...found.sources, ...sources('compared')],
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
