import { existsSync } from 'node:fs';
import { corpusBytesIn } from '../loader-use.ts';
import { mountAt, slownessOf } from '../machine.ts';
import { isStarved, neededRate } from '../pace.ts';
import type { Delivery, RunSubject, StepPace } from '../run-subject.ts';
import type { Subject } from '../subject.ts';

/** Why the loop waited. Several may hold at once; `unknown` only where none does. */
export type Cause = 'workers' | 'persistence' | 'mount' | 'cores' | 'page cache' | 'unknown';

export interface Starved {
  readonly run: RunSubject;
  readonly pace: StepPace;
}

export function starvedIn({ run }: Subject): Starved | null {
  return run !== null && run.residency === 'disk' && isStarved(run.pace) ? { run, pace: run.pace } : null;
}

/** Waiting at the start of epochs, of all, from which the restart of readers explains it. */
const MOST_AT_EPOCHS = 0.5;

export function causesOf(subject: Subject): Cause[] {
  const starved = starvedIn(subject);
  if (starved === null) return [];
  const { run, pace } = starved;
  const { num_workers, persistent_workers } = subject.config!.loaded.config.data;
  const { usable_cores: cores } = run.fingerprint.environment;
  const causes: Cause[] = [];
  if (slowMountOf(subject) !== null) causes.push('mount');
  if (num_workers === 0) causes.push('workers');
  else if (cores < num_workers) causes.push('cores');
  else if (!persistent_workers && pace.waitedAtEpochsS > MOST_AT_EPOCHS * pace.waitedS)
    causes.push('persistence');
  // Reading is as slow here as it was, and more workers help, as measured: they wait for the disk, not for a core.
  const { probe } = run;
  const isSlowHere = probe !== null && !suffices(probe.asIs, pace);
  if (causes.length === 0 && isSlowHere && probe.better !== null && suffices(probe.better, pace))
    causes.push('workers');
  if (causes.length === 0 && isBeyondPageCache(subject)) causes.push('page cache');
  return causes.length === 0 ? ['unknown'] : causes;
}

function suffices({ windowsPerS }: Delivery, pace: StepPace): boolean {
  return windowsPerS >= neededRate(pace);
}

/** Where the run's cache lay, if reading from there is slow. */
export function slowMountOf({ run, config, machine }: Subject): string | null {
  const { cache_dir } = config!.loaded.config.data;
  const recorded = run?.fingerprint.environment.mounts?.cache ?? null;
  const mount = existsSync(cache_dir) ? mountAt(machine, cache_dir) : recorded;
  const slowness = mount && slownessOf(mount);
  return slowness == null ? null : `${mount!.mount_point} is ${mount!.file_system}, ${slowness}`;
}

export function memoryOf({ environment }: RunSubject['fingerprint']): number {
  return environment.memory_limit_bytes ?? environment.memory_bytes;
}

/** Samples that the system cannot keep in memory are read from the disk again each epoch. */
function isBeyondPageCache(subject: Subject): boolean {
  const bytes = corpusBytesIn(subject);
  return bytes !== null && bytes > 0.8 * memoryOf(subject.run!.fingerprint);
}
