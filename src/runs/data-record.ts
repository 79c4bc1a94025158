/** What a run was trained on: `fingerprint.json` has counts and hashes, `recordings.json` a line for each recording. */
import { z } from 'zod';
import type { ConfigHashes } from './config-record.ts';

/** Windows by how much seizure they hold. */
const categories = {
  partial_seizure: z.int().nonnegative(),
  full_seizure: z.int().nonnegative(),
  no_seizure: z.int().nonnegative(),
};

const splitRecord = z.strictObject({
  /** Over names and keys of all entries of the split. */
  data_hash: z.string(),
  /** Over all that the manifest says, the order of its fields apart. */
  manifest_sha256: z.string(),
  /** Samples. */
  window: z.int().positive(),
  stride: z.int().positive(),
  recordings: z.int().nonnegative(),
  patients: z.int().nonnegative(),
  recorded_s: z.number(),
  seizures: z.int(),
  seizure_s: z.number(),
  /** Windows of the manifest. */
  manifest: z.strictObject(categories),
  /** Windows in use, after `data.max_samples` and `data.max_hours`. */
  used: z.strictObject(categories),
  /** Windows that the manifest's file listed, and of those the ones that the cache holds. */
  listed: z.int().nonnegative(),
  found: z.int().nonnegative(),
});

/** A split as a run used it. */
export type SplitRecord = z.infer<typeof splitRecord>;

const epochRecord = z.strictObject({
  ...categories,
  is_balanced: z.boolean(),
  /** Whether the plain set stood in for the balanced one. */
  is_unbalanced_fallback: z.boolean(),
});

/** Windows of an epoch: of the balanced set, where there is one. */
export type EpochRecord = z.infer<typeof epochRecord>;

const planRecord = z.strictObject({
  /** `experiment.name` */
  name: z.string(),
  epochs: z.int().positive(),
  steps_per_epoch: z.int().positive(),
  windows_per_step: z.int().positive(),
  /** What early stopping watches; null without it. */
  metric: z.strictObject({ name: z.string(), mode: z.enum(['max', 'min']) }).nullable(),
});

/** How long a run is meant to be, and by what it is judged. */
export type PlanRecord = z.infer<typeof planRecord>;

/** Content of `fingerprint.json`. */
export const fingerprintFile = z.strictObject({
  format: z.literal('bgb-fingerprint'),
  version: z.literal(1),
  configuration: z.strictObject({ result_sha256: z.string(), rest_sha256: z.string() }),
  splits: z.record(z.string(), splitRecord),
  epoch: epochRecord,
  plan: planRecord,
  /** SHA-256 of the weights that training started from; null where they were drawn from the seed, or not recorded. */
  initial_weights: z.string().nullable().default(null),
});

const recordingRecord = z.strictObject({
  /** Cache entry, relative to the split's folder. */
  name: z.string(),
  patient: z.string(),
  recording: z.string(),
  annotations: z.string(),
  preprocessing: z.string(),
  signal: z.int().nullable(),
  labels: z.string(),
  recorded_s: z.number(),
  seizures: z.int(),
  ...categories,
});

/** A recording as a run used it: hashes of its file, annotations, preprocessing, samples and labels, and its windows. */
export type RecordingRecord = z.infer<typeof recordingRecord>;

/** Content of `recordings.json`. */
export const recordingsFile = z.strictObject({
  format: z.literal('bgb-recordings'),
  version: z.literal(1),
  splits: z.record(z.string(), z.array(recordingRecord)),
});

/** What a run is started on. */
export interface DataRecord {
  readonly splits: Readonly<Record<string, SplitRecord>>;
  readonly epoch: EpochRecord;
  readonly plan: PlanRecord;
  readonly recordings: Readonly<Record<string, readonly RecordingRecord[]>>;
  /** SHA-256 of the weights to start from; none unless given. */
  readonly initialWeights?: string | null;
}

/** The text of `fingerprint.json`. */
export function fingerprintText(
  configuration: ConfigHashes,
  { splits, epoch, plan, initialWeights: initial_weights = null }: DataRecord,
): string {
  const content = {
    ...{ format: 'bgb-fingerprint', version: 1 },
    ...{ configuration, splits, epoch, plan, initial_weights },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The text of `recordings.json`, a recording a line. */
export function recordingsText({ recordings }: Pick<DataRecord, 'recordings'>): string {
  const splits = Object.entries(recordings).map(
    ([split, list]) =>
      `${JSON.stringify(split)}: [\n${list.map((recording) => JSON.stringify(recording)).join(',\n')}\n]`,
  );
  return `{"format": "bgb-recordings", "version": 1, "splits": {\n${splits.join(',\n')}\n}}\n`;
}
