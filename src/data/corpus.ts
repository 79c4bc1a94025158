import { openEntry, type Provenance, scoredLabels } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import type { PreprocessedSegment } from '../signal/index.ts';
import type { WindowSet } from './windows.ts';

/** Recordings of a split one after the other in memory, and where its windows begin in them. */
export interface Corpus {
  /** (N, C) int16, row-major */
  readonly signal: Int16Array;
  /** (N) uint8: 0 background, 1 seizure, 2 excluded */
  readonly labels: Uint8Array;
  readonly channels: number;
  /** First row of each window. */
  readonly starts: Float64Array;
  /** What each window's int16 values are multiplied by. */
  readonly scales: Float32Array;
  /** Rows of a window. */
  readonly windowLength: number;
}

/** The recordings of a corpus, and the memory that they are read into. */
export interface CorpusPlan {
  readonly folder: string;
  readonly recordings: readonly string[];
  /** Where each begins, and at the end where all end. */
  readonly firstRows: readonly number[];
  readonly channels: number;
  /** (N, C) */
  readonly signal: Int16Array;
  /** (N) */
  readonly labels: Uint8Array;
}

/** Reads all recordings that a set's windows lie in, each once and in order. @throws InputError `CACHE_*`, `DATA_RESIDENCY` */
export function loadCorpus(set: WindowSet): Corpus {
  const plan = planCorpus(set, (bytes) => new ArrayBuffer(bytes));
  for (const index of plan.recordings.keys()) readInto(plan, index);
  return corpusOf(set, plan);
}

/** @param room makes memory of so many bytes @throws InputError `DATA_RESIDENCY` where the system does not give it */
export function planCorpus(set: WindowSet, room: (bytes: number) => ArrayBufferLike): CorpusPlan {
  const { folder, recordings, channels, recordingRows } = set;
  const firstRows = [0];
  for (const count of recordingRows) firstRows.push(firstRows.at(-1)! + count);
  const rows = firstRows.at(-1)!;
  try {
    const signal = new Int16Array(room(2 * rows * channels));
    return { folder, recordings, firstRows, channels, signal, labels: new Uint8Array(room(rows)) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const gib = (rows * (2 * channels + 1)) / 2 ** 30;
    throw new InputError(
      'DATA_RESIDENCY',
      `The recordings of ${folder} take ${gib.toFixed(1)} GiB, and the system does not give as much memory. Set data.residency to disk.`,
      { cause },
    );
  }
}

/** Reads one of the plan's recordings. @throws InputError `CACHE_*` */
export function readInto(
  { folder, recordings, firstRows, channels, signal, labels }: CorpusPlan,
  index: number,
) {
  using entry = openEntry(folder, recordings[index]!);
  const [first, end] = [firstRows[index]!, firstRows[index + 1]!];
  if (entry.rows !== end - first || entry.channels !== channels)
    throw new InputError(
      'CACHE_CHANGED',
      `The cache entry ${entry.path} has changed since training began to read it. Start again.`,
    );
  entry.readAll(signal.subarray(first * channels, end * channels), labels.subarray(first, end));
}

/** The corpus, once all recordings of its plan are read. */
export function corpusOf(set: WindowSet, { signal, labels, channels, firstRows }: CorpusPlan): Corpus {
  return {
    signal,
    labels,
    channels,
    starts: Float64Array.from(set.windows, ({ recording, start }) => firstRows[recording]! + start),
    scales: Float32Array.from(set.windows, ({ recording }) => set.scales[recording]!),
    windowLength: set.shape.length,
  };
}

/** A recording of the cache in memory, to be scored. */
export interface LoadedRecording {
  readonly name: string;
  readonly path: string;
  readonly signal: Int16Array;
  /** As for scoring: what is only not trained on, such as impedance checks, is background. */
  readonly labels: Uint8Array;
  readonly channels: number;
  readonly scale: number;
  readonly sampleRate: number;
  readonly segments: readonly PreprocessedSegment[];
  readonly provenance: Provenance;
}

/** Reads one recording. @throws InputError `CACHE_*` */
export function loadRecording(folder: string, name: string): LoadedRecording {
  using entry = openEntry(folder, name);
  const { rows, channels, scale, segments, provenance } = entry;
  const signal = new Int16Array(rows * channels);
  const labels = new Uint8Array(rows);
  entry.readAll(signal, labels);
  return {
    name,
    path: entry.path,
    signal,
    labels: scoredLabels(labels, provenance.scored_as_background),
    channels,
    scale,
    segments,
    sampleRate: provenance.sampling_rate,
    provenance,
  };
}
