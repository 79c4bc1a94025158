/**
 * Run folders: what a training writes, so that it can be resumed after a crash at any moment, judged, and
 * repeated elsewhere. Nothing here needs libtorch.
 *
 * ```ts
 * await using run = isResuming ? await openRun(folder, start) : await createRun(folder, start);
 * logger.attachFile(run.path('log'));
 * await using heartbeat = await Heartbeat.start({ path: run.path('heartbeat'), intervalS: 10, onFailure });
 * using board = TensorboardWriter.create(run.path('tensorboard'), { now: new Date() });
 * run.events.append('step', 1, { loss: 0.69 });
 * await run.saveCheckpoint('last', { tensors, state });
 * await run.finish(1, { auroc: 0.93 });
 * ```
 *
 * | file | content |
 * |---|---|
 * | `run.json` | identity and data hashes; written first |
 * | `config.yaml` | the resolved configuration, the origin of each value as a comment |
 * | `environment.json` | code, machine, versions, threads, file systems, `BGB_*` variables; an entry for each session |
 * | `fingerprint.json` | hashes of configuration and manifests, counts of the data and of an epoch |
 * | `recordings.json` | a line for each recording: hashes of its file, annotations, samples and labels; its windows |
 * | `events.jsonl` | a numbered line for each step or event; `events.superseded.jsonl` those redone later |
 * | `tensorboard/` | an event file for each session |
 * | `checkpoints/` | `last.json`, `best.json`, `last-step-N.json` before the last, and the safetensors files that they name |
 * | `heartbeat.json`, `run.log`, `run.lock` | sign of life, log lines, the process that writes the run |
 * | `output-TIME.log` | what a detached training prints besides |
 * | `remote.json` | in a copy of a run that goes on elsewhere: where |
 * | `done.json` | written last; the only sign of success |
 */
export {
  type Checkpoint,
  copyCheckpoint,
  isCheckpointName,
  loadCheckpoint,
  saveCheckpoint,
} from './checkpoint.ts';
export type { CheckpointState, FrozenThresholds, Json } from './checkpoint-state.ts';
export {
  configHashes,
  differingFields,
  RESULT_NEUTRAL_FIELDS,
} from './config-record.ts';
export type { DataRecord, EpochRecord, RecordingRecord, SplitRecord } from './data-record.ts';
export {
  captureEnvironment,
  describeEnvironment,
  type Environment,
} from './environment.ts';
export { type EventFields, EventLog } from './event-log.ts';
export {
  type RunFingerprint,
  readRunEvents,
  readRunFingerprint,
  readRunRecordings,
} from './fingerprint.ts';
export { describeGpu, GpuMonitor, type GpuSample, gpuParts } from './gpu.ts';
export { Heartbeat } from './heartbeat.ts';
export { setAside } from './kept-checkpoints.ts';
export { findRun, listRuns } from './list-runs.ts';
export { Logger } from './logger.ts';
export { type Mount, mountIn } from './mount.ts';
export { numberIn, type RunEvent, readLastEvents } from './read-events.ts';
export type { RecentSteps } from './recent-steps.ts';
export { RunCurves } from './run-curves.ts';
export { createRun, openRun, type Run, type RunStart } from './run-folder.ts';
export {
  RUN_FILES,
  type RunSession,
  readRun,
  runStage,
} from './run-record.ts';
export { isGoingOn, REMOTE_FILE, type RunState, type RunStatus, readRunStatus } from './run-status.ts';
export { SafetensorsFile } from './safetensors-file.ts';
export {
  DTYPE_BYTES,
  type SafetensorsDtype,
  type StoredTensor,
} from './safetensors-header.ts';
export { writeSafetensors } from './safetensors-write.ts';
export type { Point } from './series.ts';
export { stopRun } from './stop-run.ts';
export { TensorboardWriter } from './tensorboard.ts';
export { cutTensorboard } from './tensorboard-cut.ts';
export { TextFollower } from './text-follower.ts';
export { type WatchedRun, watchRun } from './watch-run.ts';
export { isWsl } from './wsl.ts';
