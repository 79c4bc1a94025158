import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import {
  type Annotation,
  edfPlusAnnotation,
  isBidsTable,
  JSON_ENDING,
  readBidsTable,
} from '../../annotations/index.ts';
import { openEdf } from '../../edf/index.ts';
import { InputError, messageOf } from '../../errors.ts';
import { isTemporaryName } from '../../files/index.ts';

/** Annotation formats, in the order in which one is preferred where a recording has several. */
export const FORMATS = ['csv_bi', 'events.tsv', 'json', 'csv', 'edf'] as const;
export type FileFormat = (typeof FORMATS)[number];

/** A file that says when seizures were in one recording. */
export interface AnnotationFile {
  readonly path: string;
  readonly format: FileFormat;
  /** Path below the folder that was given, with `/`, without ending: `sub-01/eeg/sub-01_task-szMonitoring_run-00`. */
  readonly key: string;
  /** The last part of the key. */
  readonly name: string;
  /** Read already, where the file holds many recordings. */
  readonly annotation?: Annotation;
}

/** What a path holds. */
export interface AnnotationFiles {
  /** Whether there may be several: a folder, or a table of many recordings. */
  readonly isFolder: boolean;
  /** One a recording, by their keys. */
  readonly files: readonly AnnotationFile[];
  /** Files of a recording that has another, preferred one. */
  readonly passedOver: readonly string[];
}

/** Tables of BIDS that are no events. */
const OTHER_TABLES =
  /(^|_)(participants|samples|sessions|scans|channels|electrodes|coordsystem|physio|stim)\.tsv$/;

/**
 * The annotation files at a path: the file itself, or all below a folder, by their names: `*.csv_bi`, `*.tsv` but for
 * BIDS's other tables, `*.seizures.json`, `*.csv`, and EDF+ recordings whose own annotations say seizure or background.
 * Of several of one recording in one folder the first in this order is taken. A `.tsv` that is named itself may be a
 * table of many recordings, by its column `run`.
 *
 * @throws InputError `SCORE_PATH` for a path that is not there, `SCORE_FORMAT` for a file with another ending, or a
 * recording without such annotations; `ANNOTATION_*` for a table, and for a seizure of an EDF+ without duration
 */
export async function findAnnotationFiles(path: string): Promise<AnnotationFiles> {
  if (!(await isFolder(path))) {
    const format = formatOf(path) ?? (path.endsWith('.json') ? 'json' : null);
    const name = nameOf(basename(path));
    const own = format === 'edf' ? await edfPlusFile({ path, format, key: name, name }) : null;
    if (own !== null) return { isFolder: false, files: [own], passedOver: [] };
    if (format === null || format === 'edf')
      throw new InputError(
        'SCORE_FORMAT',
        `${path}: expected an annotation file, *.csv_bi, *.csv, *_events.tsv or *.json, an EDF+ whose own annotations say seizure or background, or a folder of them. Give one of these.`,
      );
    if (format === 'events.tsv' && (await isBidsTable(path))) return recordingsOfTable(path);
    return { isFolder: false, files: [{ path, format, key: name, name }], passedOver: [] };
  }
  const found = await readdir(path, { withFileTypes: true, recursive: true });
  const byKey = new Map<string, AnnotationFile>();
  const passedOver: string[] = [];
  const paths = found
    .filter((entry) => !entry.isDirectory() && !isTemporaryName(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of paths) {
    const format = formatOf(file);
    if (format === null) continue;
    const name = nameOf(basename(file));
    const folder = relative(path, dirname(file)).split(sep).join('/');
    const key = folder === '' ? name : `${folder}/${name}`;
    const before = byKey.get(key);
    const isPreferred = before === undefined || FORMATS.indexOf(format) < FORMATS.indexOf(before.format);
    if (isPreferred) byKey.set(key, { path: file, format, key, name });
    // A recording beside its annotation is what a corpus has; nobody meant it as another one.
    const other = isPreferred ? before : { path: file, format };
    if (other !== undefined && other.format !== 'edf') passedOver.push(other.path);
  }
  const files: AnnotationFile[] = [];
  for (const file of byKey.values()) {
    const usable = file.format === 'edf' ? await edfPlusFile(file) : file;
    if (usable !== null) files.push(usable);
  }
  return { isFolder: true, files: files.sort((a, b) => (a.key < b.key ? -1 : 1)), passedOver };
}

/**
 * With the recording's own annotations; null where none says seizure or background, or the file is no recording that can
 * be read: it is no annotation then, as other files of a corpus are none.
 */
async function edfPlusFile(file: AnnotationFile): Promise<AnnotationFile | null> {
  try {
    const recording = await openEdf(file.path);
    const annotation = edfPlusAnnotation(recording);
    return annotation && { ...file, annotation: { ...annotation, durationS: recording.durationS } };
  } catch (error) {
    if (error instanceof InputError && error.code.startsWith('EDF_')) return null;
    throw error;
  }
}

async function recordingsOfTable(path: string): Promise<AnnotationFiles> {
  const files = [...(await readBidsTable(path, undefined, 'kept'))].map(
    ([name, annotation]): AnnotationFile => {
      return { path, format: 'events.tsv', key: name, name, annotation };
    },
  );
  return { isFolder: true, files: files.sort((a, b) => (a.key < b.key ? -1 : 1)), passedOver: [] };
}

function formatOf(path: string): FileFormat | null {
  const name = basename(path);
  if (name.endsWith('.csv_bi')) return 'csv_bi';
  if (name.endsWith('.csv')) return 'csv';
  if (name.endsWith('.tsv')) return OTHER_TABLES.test(name) ? null : 'events.tsv';
  if (/\.(edf|bdf)$/i.test(name)) return 'edf';
  return name.endsWith(JSON_ENDING) ? 'json' : null;
}

/** Of the recording: without the ending, `_events` and `_eeg`. */
function nameOf(file: string): string {
  return file
    .replace(/\.(csv_bi|csv|tsv|json|edf|bdf)$/i, '')
    .replace(/\.seizures$/, '')
    .replace(/_(events|eeg)$/, '');
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new InputError('SCORE_PATH', `Cannot read ${path}: ${messageOf(cause)}. Check the path.`, {
      cause,
    });
  }
}
