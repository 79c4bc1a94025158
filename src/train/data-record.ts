import type { Manifest } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
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

/** What a training learns from, and for how long, for its run folder. */
export function dataRecord(
  { data, training, experiment }: Config,
  opened: Readonly<Record<string, OpenedSplit>>,
  { dataset, isFallback }: { readonly dataset: Dataset; readonly isFallback: boolean },
): DataRecord {
  const { composition } = dataset;
  const windows = Object.values(composition).reduce((sum, count) => sum + count, 0);
  const { epochs, early_stopping: stopping } = training;
  const windowsPerStep = training.batch_size * training.gradient_accumulation_steps;
  const splits = Object.entries(opened);
  return {
    splits: Object.fromEntries(splits.map(([name, split]) => [name, splitRecord(split)])),
    epoch: {
      ...composition,
      is_balanced: data.use_balanced_sampling && !isFallback,
      is_unbalanced_fallback: isFallback,
    },
    plan: {
      name: experiment.name,
      epochs,
      steps_per_epoch: Math.ceil(windows / windowsPerStep),
      windows_per_step: windowsPerStep,
      metric: stopping && { name: stopping.metric, mode: stopping.mode },
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
