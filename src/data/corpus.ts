import { join } from 'node:path';
import type { LabelMap } from '../annotations/index.ts';
import { Entry, type Provenance, scoredLabels, settingsRecord } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import type { PreprocessedSegment, PreprocessingSettings } from '../signal/index.ts';
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

/** Reads all recordings that a set's windows lie in, each once and in order. @throws InputError `CACHE_*` */
export function loadCorpus(set: WindowSet): Corpus {
  const entries = set.recordings.map((name) => new Entry(join(set.folder, name)));
  try {
    const channels = entries[0]!.channels;
    const firstRows: number[] = [];
    let rows = 0;
    for (const entry of entries) {
      firstRows.push(rows);
      rows += entry.rows;
    }
    const signal = new Int16Array(rows * channels);
    const labels = new Uint8Array(rows);
    for (const [index, entry] of entries.entries()) {
      const first = firstRows[index]!;
      entry.readAll(
        signal.subarray(first * channels, (first + entry.rows) * channels),
        labels.subarray(first, first + entry.rows),
      );
    }
    return {
      signal,
      labels,
      channels,
      starts: Float64Array.from(set.windows, ({ recording, start }) => firstRows[recording]! + start),
      scales: Float32Array.from(set.windows, ({ recording }) => entries[recording]!.scale),
      windowLength: set.shape.length,
    };
  } finally {
    for (const entry of entries) entry[Symbol.dispose]();
  }
}

/** A recording of the cache in memory, to be scored. */
export interface LoadedRecording {
  readonly name: string;
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
  using entry = new Entry(join(folder, name));
  const { rows, channels, scale, segments, provenance } = entry;
  const signal = new Int16Array(rows * channels);
  const labels = new Uint8Array(rows);
  entry.readAll(signal, labels);
  return {
    name,
    signal,
    labels: scoredLabels(labels, provenance.scored_as_background),
    channels,
    scale,
    segments,
    sampleRate: provenance.sampling_rate,
    provenance,
  };
}

/**
 * Checks that entries were built with the settings asked for (failures D3): reads each one's provenance.
 *
 * @param labels `data.labels`, or null where it is nothing to ask for (failures A8)
 * @throws InputError `DATA_SETTINGS` naming the first entry and the settings that differ
 */
export function checkSettings(
  folder: string,
  names: readonly string[],
  settings: PreprocessingSettings,
  labels: LabelMap | null = null,
): void {
  const asked = { ...settingsRecord(settings), ...(labels && { labels: sorted(labels) }) };
  for (const name of names) {
    using entry = new Entry(join(folder, name));
    const { preprocessing, label_map } = entry.provenance;
    const stored = { ...preprocessing, ...(labels && { labels: sorted(label_map) }) };
    const different = Object.entries(stored).flatMap(([field, value]) => {
      const wanted = asked[field as keyof typeof asked];
      return JSON.stringify(value) === JSON.stringify(wanted)
        ? []
        : [`${field} ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`];
    });
    if (different.length > 0)
      throw new InputError(
        'DATA_SETTINGS',
        `The cache entry ${join(folder, name)} was built with other settings than the configuration's: ${different.join(', ')}. Run bgb build-cache with this configuration.`,
      );
  }
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
