import { configSchema } from '../config/index.ts';
import {
  configHashes,
  isGoingOn,
  type RunEvent,
  type RunFingerprint,
  type RunState,
  type RunStatus,
} from '../runs/index.ts';
import type { ReaderSettings } from '../train/index.ts';

/** Where samples lay while a run trained. */
export type RunResidency = 'device' | 'host' | 'disk';

/** What the last steps of a run's last session took, as the loop saw it. */
export interface StepPace {
  readonly steps: number;
  readonly windows: number;
  readonly seconds: number;
  /** Of them, waiting for readers. */
  readonly waitedS: number;
  /** Of them, gathering windows and sending them to the device. */
  readonly copiedS: number;
  /** Of the waiting, in the first steps after a start of readers. */
  readonly waitedAtEpochsS: number;
  /** Mean of what nvidia-smi told; null where it did not, as under WSL2 and MIG. */
  readonly gpuUtilisation: number | null;
}

/** A checkpoint that a run resumes from. */
export interface CheckpointLook {
  readonly path: string;
  /** null where it is whole. */
  readonly problem: string | null;
  /** Lines that the run's log had when it was saved; null where it cannot be read. */
  readonly events: number | null;
}

/** A run's folder, and what it tells. */
export interface RunSubject {
  readonly folder: string;
  readonly fingerprint: RunFingerprint;
  readonly status: RunStatus;
  readonly residency: RunResidency | null;
  /** The last lines of its log, back to the start of the last session. */
  readonly events: readonly RunEvent[];
  /** null before there are steps enough. */
  readonly pace: StepPace | null;
  /** `last` and those before it, the latest first. */
  readonly checkpoints: readonly CheckpointLook[];
  /** Log files with progress bars in them. */
  readonly barred: readonly string[];
  readonly leftovers: readonly string[];
  /** Whether `config.yaml` is not what the run was started with. */
  readonly isConfigChanged: boolean;
  /** The last of the runs that were trained anew in its place; null where there is none. */
  readonly successor: { readonly folder: string; readonly state: RunState } | null;
  /** What its loader delivers here, measured where it was too slow. */
  readonly probe: LoaderProbe | null;
}

/** A loader measured with some settings. */
export interface Delivery {
  readonly settings: ReaderSettings;
  readonly windowsPerS: number;
}

/** Whether a run that went wrong was trained anew, and that goes well. */
export function isReplaced({ successor }: RunSubject): boolean {
  if (successor === null) return false;
  return successor.state === 'finished' || successor.state === 'stopped' || isGoingOn(successor.state);
}

/**
 * Whether `config.yaml` of a run says something else of its result than when it was started: it lacks a section, or its hash is
 * another. Versions of bgb differ in what counts.
 */
export function isConfigChanged({ config, hashes, sessions }: RunFingerprint, version: string): boolean {
  if (Object.keys(configSchema.shape).some((section) => !(section in config))) return true;
  return (
    sessions[0]!.environment.bgb === version && configHashes(config).result_sha256 !== hashes.result_sha256
  );
}

/** Lines that a run's log lacks of those that its last checkpoint counts: it cannot be resumed. */
export function lostLines({ checkpoints, events }: RunSubject): number {
  const counted = checkpoints.find(({ problem }) => problem === null)?.events ?? null;
  const last = events.at(-1)?.seq ?? null;
  return counted === null || last === null ? 0 : Math.max(0, counted - (last + 1));
}

/** See {@link RunSubject.probe}. */
export interface LoaderProbe {
  readonly asIs: Delivery;
  /** With more workers, as many as were needed or helped. */
  readonly better: Delivery | null;
  readonly seconds: number;
}
