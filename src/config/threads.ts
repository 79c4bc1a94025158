import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The share of time that a control group allows, in cores; null where it sets no limit (cgroup v2 and v1). */
export function quotaOf(read: (path: string) => string | null): number | null {
  const [quota, period] = read('/sys/fs/cgroup/cpu.max')?.trim().split(/\s+/) ?? [
    read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')?.trim(),
    read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')?.trim(),
  ];
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}

/** {@link quotaOf} of this machine. */
export function cpuQuota(): number | null {
  return quotaOf(readOrNull);
}

/** Cores that this process may use: those it is bound to, and no more than its container's quota, rounded up. */
export function usableCores(
  read: (path: string) => string | null = readOrNull,
  bound: number = availableParallelism(),
): number {
  return Math.max(1, Math.min(bound, Math.ceil(quotaOf(read) ?? bound)));
}

/** Intra-op threads for `resources.threads`; null means the usable cores, shared by the processes that compute. */
export function threadsOf(resources: { readonly threads: number | null }, processes = 1): number {
  return resources.threads ?? Math.max(1, Math.floor(usableCores() / processes));
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No control groups, or another version of them: no limit is known.
    return null;
  }
}
