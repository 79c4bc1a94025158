/** What a run was: one reader for all who compare runs or look for what is wrong with one. */
import { join } from 'node:path';
import type { Json } from './checkpoint-state.ts';
import { type ConfigHashes, configHashes, parseOrigins } from './config-record.ts';
import {
  type EpochRecord,
  fingerprintFile,
  type PlanRecord,
  type RecordingRecord,
  recordingsFile,
  type SplitRecord,
} from './data-record.ts';
import type { Environment } from './environment.ts';
import { type RunEvent, readEvents } from './read-events.ts';
import {
  exists,
  RUN_FILES,
  type RunRecord,
  type RunStage,
  readChecked,
  readRun,
  readText,
  runStage,
} from './run-record.ts';

/** A run's fingerprint; null is what a run of an earlier version did not record. */
export interface RunFingerprint extends RunRecord {
  readonly folder: string;
  readonly stage: RunStage;
  /** Where each value of `config` comes from, by dotted field: `train.yaml:11`, `--set`, `BGB_DEVICE`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
  /** Of `config`, as the run was started. */
  readonly hashes: ConfigHashes;
  /** Values that the last session had instead of those of `config`, by dotted field. */
  readonly changed: { readonly [field: string]: Json };
  /** Of the last session. */
  readonly environment: Environment;
  readonly splits: Readonly<Record<string, SplitRecord>> | null;
  readonly epoch: EpochRecord | null;
  readonly plan: PlanRecord | null;
  /** SHA-256 of the weights that training started from; null also where they were drawn from the seed. */
  readonly initialWeights: string | null;
}

/**
 * Reads what a run recorded of configuration, code, machine and data; also of one that is running, did not finish, or was
 * made by an earlier version.
 *
 * @throws InputError `RUN_MISSING` where the folder holds no run, `RUN_FILE` or `RUN_CONFIG` naming a damaged file
 */
export async function readRunFingerprint(folder: string): Promise<RunFingerprint> {
  const record = await readRun(folder);
  const path = join(folder, RUN_FILES.fingerprint);
  const file = (await exists(path)) ? await readChecked(path, fingerprintFile) : null;
  const last = record.sessions.at(-1)!;
  return {
    ...record,
    folder,
    stage: await runStage(folder),
    origins: parseOrigins(await readText(join(folder, RUN_FILES.config))),
    hashes: file?.configuration ?? configHashes(record.config),
    changed: last.configuration?.changed ?? {},
    environment: last.environment,
    splits: file?.splits ?? null,
    epoch: file?.epoch ?? null,
    plan: file?.plan ?? null,
    initialWeights: file?.initial_weights ?? null,
  };
}

/**
 * The recordings that a run uses, by split; null for a run of an earlier version.
 *
 * @throws InputError `RUN_FILE` where the file is damaged
 */
export async function readRunRecordings(
  folder: string,
): Promise<Readonly<Record<string, readonly RecordingRecord[]>> | null> {
  const path = join(folder, RUN_FILES.recordings);
  return (await exists(path)) ? (await readChecked(path, recordingsFile)).splits : null;
}

/** The events of a run, as {@link readEvents}. @throws InputError `RUN_EVENTS` */
export function readRunEvents(folder: string): AsyncGenerator<RunEvent> {
  return readEvents(join(folder, RUN_FILES.events));
}
