import { type FileHandle, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError, messageOf } from '../errors.ts';
import { npyHeader, writeAtomic, writeAtomicWith } from '../files/index.ts';
import { hasScaling, scalingText } from './header.ts';
import { readSignals } from './read.ts';
import type { EdfRecording } from './recording.ts';

const INDEX_FILE = 'index.json';
const FORMAT = 'bgb-edf-npy';
const SIGNALS_AT_ONCE = 32;
const BLOCK_SAMPLES = 4 << 20;

/** What `index.json` of a folder of .npy files says. */
export interface NpyIndex {
  readonly format: typeof FORMAT;
  readonly version: 1;
  /** false while the files are being written, and after a stop in between. */
  readonly is_complete: boolean;
  readonly recording: {
    readonly name: string;
    readonly format: string;
    readonly start: string | null;
    readonly duration_s: number;
  };
  /** A file holds the segments one after the other: `records * samples_per_record` samples of each. */
  readonly segments: readonly {
    readonly start_s: number;
    readonly duration_s: number;
    readonly first_record: number;
    readonly records: number;
  }[];
  readonly signals: readonly {
    /** Position in the recording. */
    readonly index: number;
    readonly label: string;
    readonly dimension: string;
    readonly sampling_rate: number;
    readonly samples_per_record: number;
    /** (all records * samples_per_record) float64 in `dimension` */
    readonly file: string;
  }[];
  readonly left_out: readonly { readonly index: number; readonly label: string; readonly reason: string }[];
}

/**
 * Writes every signal in physical units as float64 .npy, segments one after the other, and `index.json`, which
 * says which is which and where segments begin. Signals without scaling are left out and listed there. A folder that already holds the same
 * recording is written anew.
 *
 * @throws InputError `EDF_NPY_FOLDER` for a folder that holds anything else; `EDF_READ`
 */
export async function writeNpyFolder(recording: EdfRecording, folder: string): Promise<NpyIndex> {
  const index = indexOf(recording);
  const earlier = await earlierFiles(folder, index);
  await writeIndex(folder, { ...index, is_complete: false });
  for (const name of earlier) await rm(join(folder, name), { force: true });
  for (let first = 0; first < index.signals.length; first += SIGNALS_AT_ONCE) {
    const signals = index.signals.slice(first, first + SIGNALS_AT_ONCE);
    const paths = signals.map(({ file }) => join(folder, file));
    const positions = signals.map((signal) => signal.index);
    await writeTogether(paths, (files) => writeArrays(recording, positions, files));
  }
  await writeIndex(folder, index);
  return index;
}

function indexOf(recording: EdfRecording): NpyIndex {
  const { path, kind, startedAt, durationS, segments } = recording;
  const digits = String(recording.signals.length - 1).length;
  const listed = recording.signals.map((signal, index) => ({ signal, index }));
  return {
    format: FORMAT,
    version: 1,
    is_complete: true,
    recording: { name: basename(path), format: kind, start: startedAt, duration_s: durationS },
    segments: segments.map((segment) => ({
      start_s: segment.startS,
      duration_s: segment.durationS,
      first_record: segment.firstRecord,
      records: segment.records,
    })),
    signals: listed
      .filter(({ signal }) => hasScaling(signal))
      .map(({ signal: { label, dimension, sampleRate, samplesPerRecord }, index }) => ({
        index,
        label,
        dimension,
        sampling_rate: sampleRate,
        samples_per_record: samplesPerRecord,
        file: `${String(index).padStart(digits, '0')}_${fileLabel(label)}.npy`,
      })),
    left_out: listed
      .filter(({ signal }) => !hasScaling(signal))
      .map(({ signal, index }) => ({
        index,
        label: signal.label,
        reason: `no scaling: ${scalingText(signal)}`,
      })),
  };
}

/** Part of a file name on any system; the position in front of it makes the name unique. */
function fileLabel(label: string): string {
  return label.replace(/[^A-Za-z0-9+-]+/g, '_').replace(/^_|_$/g, '') || 'signal';
}

function writeIndex(folder: string, index: NpyIndex): Promise<void> {
  return writeAtomic(join(folder, INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`);
}

/** The .npy files that an earlier run left for the same recording. @throws InputError `EDF_NPY_FOLDER` */
async function earlierFiles(folder: string, index: NpyIndex): Promise<string[]> {
  const refuse = (found: string): never => {
    throw new InputError(
      'EDF_NPY_FOLDER',
      `${folder}: expected a folder that is new, empty, or written before from ${index.recording.name}, found ${found}. Nothing was written; name another folder.`,
    );
  };
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    return refuse(code === 'ENOTDIR' ? 'a file' : messageOf(error));
  }
  if (names.length === 0) return [];
  if (!names.includes(INDEX_FILE)) return refuse(`files of something else, such as ${names[0]}`);
  const earlier = await readIndex(join(folder, INDEX_FILE));
  if (earlier === null) return refuse(`an ${INDEX_FILE} of something else`);
  if (earlier.name !== index.recording.name) return refuse(`the signals of ${earlier.name}`);
  const listed = new Set(earlier.files);
  const foreign = index.signals
    .map(({ file }) => file)
    .find((name) => names.includes(name) && !listed.has(name));
  if (foreign !== undefined) return refuse(`${foreign}, which is not in its ${INDEX_FILE}`);
  // Only names that stand in the folder: what an index says may lead out of it.
  return names.filter((name) => listed.has(name) && name.endsWith('.npy'));
}

/** null where it is not one of ours. */
async function readIndex(path: string): Promise<{ name: string; files: string[] } | null> {
  try {
    const index = JSON.parse(await readFile(path, 'utf8')) as NpyIndex;
    if (index.format !== FORMAT) return null;
    return { name: String(index.recording.name), files: index.signals.map(({ file }) => file) };
  } catch {
    return null;
  }
}

/** Opens several files and writes them together; each appears only when whole. */
async function writeTogether(
  paths: readonly string[],
  write: (files: readonly FileHandle[]) => Promise<void>,
  opened: readonly FileHandle[] = [],
): Promise<void> {
  const [path, ...others] = paths;
  if (path === undefined) return write(opened);
  await writeAtomicWith(path, (file) => writeTogether(others, write, [...opened, file]));
}

/** Writes some signals block by block: a day of many signals does not fit in memory. */
async function writeArrays(
  recording: EdfRecording,
  indices: readonly number[],
  files: readonly FileHandle[],
): Promise<void> {
  const { records } = recording;
  const samplesPerRecord = indices.map((index) => recording.signals[index]!.samplesPerRecord);
  for (const [at, file] of files.entries())
    await file.writeFile(npyHeader('<f8', [records * samplesPerRecord[at]!]));
  const inRecord = samplesPerRecord.reduce((sum, samples) => sum + samples, 0);
  const blockRecords = Math.max(1, Math.floor(BLOCK_SAMPLES / inRecord));
  for (let firstRecord = 0; firstRecord < records; firstRecord += blockRecords) {
    const block = { firstRecord, records: Math.min(blockRecords, records - firstRecord) };
    const signals = await readSignals(recording, indices, block);
    for (const [at, { buffer, byteOffset, byteLength }] of signals.entries())
      await files[at]!.writeFile(new Uint8Array(buffer, byteOffset, byteLength));
  }
}
