import type { Manifest } from '../cache/index.ts';
import type { Dataset, WindowSet } from '../data/index.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import type { DataRecord, RecordingRecord, SplitRecord } from '../runs/index.ts';

/** A split as it was opened. */
export interface OpenedSplit {
  readonly manifest: Manifest;
  readonly set: WindowSet;
  readonly references: number;
  readonly missing: number;
}

/** What a training learns from, for its run folder. */
export function dataRecord(
  opened: Readonly<Record<string, OpenedSplit>>,
  epoch: { readonly dataset: Dataset; readonly isBalanced: boolean; readonly isFallback: boolean },
): DataRecord {
  const splits = Object.entries(opened);
  return {
    splits: Object.fromEntries(splits.map(([name, split]) => [name, splitRecord(split)])),
    epoch: {
      ...epoch.dataset.composition,
      is_balanced: epoch.isBalanced,
      is_unbalanced_fallback: epoch.isFallback,
    },
    recordings: Object.fromEntries(splits.map(([name, { set }]) => [name, recordingRecords(set)])),
  };
}

function splitRecord({ manifest, set, references, missing }: OpenedSplit): SplitRecord {
  return {
    data_hash: manifest.data_hash,
    manifest_sha256: sha256(canonicalJson(manifest)),
    window: manifest.window,
    stride: manifest.stride,
    recordings: set.recordings.length,
    patients: set.patients.length,
    recorded_s: manifest.recorded_s,
    seizures: manifest.seizures,
    seizure_s: manifest.seizure_seconds,
    manifest: manifest.counts,
    used: counted(set.windows),
    listed: references,
    found: references - missing,
  };
}

function recordingRecords({ recordings, identities, windows }: WindowSet): RecordingRecord[] {
  const byRecording = Map.groupBy(windows, ({ recording }) => recording);
  return recordings.map((name, index) => {
    const { recordedS, ...identity } = identities[index]!;
    return { name, ...identity, recorded_s: recordedS, ...counted(byRecording.get(index) ?? []) };
  });
}

function counted(windows: WindowSet['windows']) {
  const counts = { partial_seizure: 0, full_seizure: 0, no_seizure: 0 };
  for (const { category } of windows) counts[category]++;
  return counts;
}
