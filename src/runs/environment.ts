import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cpuQuota, inForce, usableCores } from '../config/index.ts';
import { sha256File } from '../files/index.ts';
import { codeHash } from './code-hash.ts';
import { type Mount, mountOf, mountRecord } from './mount.ts';
import { isWsl } from './wsl.ts';

/**
 * What a run ran on. Host, user and folder names are left out: run folders are shared. Runs of earlier versions, and records
 * that were trimmed by hand, lack some fields, which are null or empty then.
 */
export const environmentRecord = z.strictObject({
  bgb: z.string(),
  /** Commit of the code and whether files differ from it; null where the code is not a git repository. */
  code: z.strictObject({ commit: z.string(), is_dirty: z.boolean() }).nullable().default(null),
  /** SHA-256 over the code that runs and the bridge's sources: the same on every machine. */
  code_sha256: z.string().nullable().default(null),
  /** SHA-256 of package-lock.json; null where there is none. */
  lock_file: z.string().nullable().default(null),
  node: z.string(),
  libtorch: z.string().nullable().default(null),
  cuda: z.string().nullable().default(null),
  /** Name, memory and driver of each, as in `NVIDIA H200, 143771 MiB, driver 580.65`. */
  gpus: z.array(z.string()).default([]),
  /** The device in use, after `auto` was resolved. */
  device: z.string(),
  /** Intra-op threads of libtorch; another number does not give the same bits. */
  threads: z.int().positive(),
  /** Processes of this machine that train together. */
  processes: z.int().positive().nullable().default(null),
  platform: z.string(),
  /** Whether this is Linux under Windows. */
  is_wsl: z.boolean().nullable().default(null),
  cpu: z.string(),
  usable_cores: z.int().positive(),
  /** The share of time that the container or control group allows, in cores; null where there is no limit. */
  cpu_limit_cores: z.number().positive().nullable().default(null),
  memory_bytes: z.int().positive(),
  /** Limit of the container or control group; null where there is none. */
  memory_limit_bytes: z.int().positive().nullable().default(null),
  /** What cache and run folder lie on; null where that is not known. */
  mounts: z
    .strictObject({ cache: mountRecord.nullable(), output: mountRecord.nullable() })
    .nullable()
    .default(null),
  /** Every `BGB_*` variable in force; secrets hidden. */
  variables: z.record(z.string(), z.string()).default({}),
});

/** See {@link environmentRecord}. */
export type Environment = z.infer<typeof environmentRecord>;

/**
 * Takes the fingerprint of the machine and the code.
 *
 * @param given.root folder of bgb's package, with package-lock.json and, in a clone, `.git`.
 * @param given.variables all environment variables; the `BGB_*` ones are stored, those that look like secrets
 * only as "(set)".
 * @param given.folders whose file systems are looked at; none where there is no run
 */
export async function captureEnvironment(given: {
  root: string;
  version: string;
  libtorch: string | null;
  cuda: string | null;
  gpus: readonly string[];
  device: string;
  threads: number;
  processes?: number;
  variables: Readonly<Record<string, string | undefined>>;
  folders?: { readonly cache: string; readonly output: string };
}): Promise<Environment> {
  const limit = process.constrainedMemory();
  return {
    bgb: given.version,
    code: await codeState(given.root),
    code_sha256: await codeHash(given.root, RUNNING),
    lock_file: await hashOrNull(join(given.root, 'package-lock.json')),
    node: process.version,
    libtorch: given.libtorch,
    cuda: given.cuda,
    gpus: [...given.gpus],
    device: given.device,
    threads: given.threads,
    processes: given.processes ?? 1,
    platform: `${process.platform} ${process.arch} ${release()}`,
    is_wsl: isWsl(),
    cpu: cpus()[0]?.model.trim() || 'unknown',
    usable_cores: usableCores(),
    cpu_limit_cores: cpuQuota(),
    memory_bytes: totalmem(),
    memory_limit_bytes: limit > 0 && limit < totalmem() ? limit : null,
    mounts: given.folders === undefined ? null : await mountsOf(given.folders),
    variables: withoutPlace(inForce(given.variables)),
  };
}

/** Without the place among several processes, which says nothing beside their number. */
function withoutPlace({ BGB_PROCESS: _place, ...variables }: Record<string, string>): Record<string, string> {
  return variables;
}

/** Which of the two forms of the code this is. */
const RUNNING = fileURLToPath(import.meta.url).endsWith('.ts') ? 'src' : 'dist';

async function mountsOf({ cache, output }: { readonly cache: string; readonly output: string }) {
  return { cache: await mountOf(cache), output: await mountOf(output) };
}

/** The fingerprint as lines to print when a run starts. */
export function describeEnvironment(environment: Environment): string[] {
  const { code, variables } = environment;
  const commit = code
    ? `, commit ${code.commit.slice(0, 12)}${code.is_dirty ? ' with local changes' : ''}`
    : '';
  const memoryGb = (environment.memory_limit_bytes ?? environment.memory_bytes) / 1e9;
  const torch = `libtorch ${environment.libtorch ?? 'not loaded'}`;
  const cuda = environment.cuda ? `, CUDA ${environment.cuda}` : '';
  const gpus = environment.gpus.length > 0 ? `; GPU: ${environment.gpus.join(', ')}` : '';
  const { mounts } = environment;
  const place = (what: string, mount: Mount | null | undefined) =>
    mount ? [`${what} on ${mount.file_system} at ${mount.mount_point}`] : [];
  const places = [...place('Cache', mounts?.cache), ...place('run folder', mounts?.output)];
  return [
    `bgb ${environment.bgb}${commit}; Node ${environment.node}; ${torch}${cuda}`,
    `Device ${environment.device}${gpus}; ${environment.cpu}, ${environment.usable_cores} usable cores, ` +
      `${environment.threads} threads, ${memoryGb.toFixed(1)} GB memory`,
    ...(places.length > 0 ? [places.join(', ')] : []),
    ...Object.entries(variables).map(([name, value]) => `In force: ${name}=${value}`),
  ];
}

/** Fields whose change can change the last bits of a result, or more. */
const BIT_RELEVANT = [
  'bgb',
  'code',
  'code_sha256',
  'lock_file',
  'node',
  'libtorch',
  'cuda',
  'gpus',
  'device',
  'threads',
  'cpu',
] as const;

/** One sentence for each difference between two sessions that can show in the results. */
export function environmentChanges(before: Environment, after: Environment): string[] {
  const isSame = (field: (typeof BIT_RELEVANT)[number]) =>
    JSON.stringify(before[field]) === JSON.stringify(after[field]);
  // The commit says it better, and runs of earlier versions have no hash.
  const isRepeated = (field: string) =>
    field === 'code_sha256' && (!isSame('code') || before.code_sha256 === null);
  return BIT_RELEVANT.filter((field) => !isSame(field) && !isRepeated(field)).map(
    (field) =>
      `${field} was ${JSON.stringify(before[field])} and is now ${JSON.stringify(after[field])}: ` +
      'results may differ from those of an uninterrupted run.',
  );
}

async function codeState(root: string): Promise<Environment['code']> {
  const git = async (...parameters: string[]) =>
    // With its optional lock, a training killed while it starts would leave the repository locked.
    (
      await promisify(execFile)('git', ['--no-optional-locks', '-C', root, ...parameters], {
        maxBuffer: 1 << 26,
      })
    ).stdout.trim();
  try {
    // A package inside another project's repository would otherwise report that project's commit.
    if ((await realpath(await git('rev-parse', '--show-toplevel'))) !== (await realpath(root))) return null;
    const commit = await git('rev-parse', 'HEAD');
    return { commit, is_dirty: (await git('status', '--porcelain')) !== '' };
  } catch {
    // No git, no repository, or one of another user: the code is then known by its version alone.
    return null;
  }
}

async function hashOrNull(path: string): Promise<string | null> {
  try {
    return await sha256File(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
