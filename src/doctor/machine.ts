import { accessSync, constants, existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bridgePlace } from '../bridge/index.ts';
import { firstVisibleGpu, type Surroundings, usableCores } from '../config/index.ts';
import { describeGpu, gpuParts, isWsl, type Mount, mountIn } from '../runs/index.ts';

/** WSL2, in which Windows holds the memory and may end the machine. */
export interface Wsl {
  /** Content of the user's .wslconfig; null where there is none, or it cannot be found. */
  readonly config: string | null;
}

/** libtorch through the bridge, or why it cannot be loaded. */
export type Library =
  | {
      readonly problem: null;
      readonly version: string;
      readonly hasCuda: boolean;
      readonly cudaDevices: number;
    }
  | { readonly problem: string };

/** A GPU as the driver's own tool tells it. */
export interface Gpu {
  readonly description: string;
  readonly totalBytes: number | null;
  readonly freeBytes: number | null;
}

/** What rules know of the machine; every fact can be given, so that tests need no such machine. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Text of /proc/self/mountinfo. */
  readonly mountinfo: string;
  readonly wsl: Wsl | null;
  /** Whether this is a rented container, by the provider's own variables. */
  readonly isCloud: boolean;
  readonly library: Library;
  readonly gpus: readonly Gpu[];
  /** Bytes of /dev/shm; null where there is none. */
  readonly sharedMemoryBytes: number | null;
  /** Files that a process may have open; null where that is not known. */
  readonly openFiles: number | null;
  /** Whether progress goes to a terminal. */
  readonly hasTerminal: boolean;
  /** Free bytes where a path is, or would be; null where the system does not say. */
  readonly freeBytes: (path: string) => number | null;
  /** Whether something may be written into a folder that is there. */
  readonly isWritable: (folder: string) => boolean;
  /** The folder of bgb itself. */
  readonly packageFolder: string;
}

/** Where a path lies, or would lie; null where that is not known. */
export function mountAt({ mountinfo }: Pick<Machine, 'mountinfo'>, path: string): Mount | null {
  let there = resolve(path);
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const rest = resolve(path).slice(there.length);
  return mountIn(mountinfo, `${existsSync(there) ? realpathSync(there) : there}${rest}`);
}

const SLOW: Partial<Record<Mount['kind'], string>> = {
  windows: 'a drive of Windows behind WSL2',
  network: 'a network file system',
  fuse: 'a file system in user space',
};

/** What makes a file system slow to read small pieces from, in words; null for one that is not. */
export function slownessOf({ kind, file_system }: Mount): string | null {
  const isBucket = /s3|gcs|rclone|blob|juicefs|goofys|geesefs/.test(file_system);
  return kind === 'fuse' && isBucket ? 'a bucket' : (SLOW[kind] ?? null);
}

/** Free bytes where a path is, or would be; null where the system does not say. */
export function freeBytesAt(path: string): number | null {
  for (let at = resolve(path); ; at = dirname(at)) {
    if (existsSync(at)) {
      try {
        const { bavail, bsize } = statfsSync(at);
        return bavail * bsize;
      } catch {
        return null;
      }
    }
    if (dirname(at) === at) return null;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The machine's own facts, but for libtorch's and the GPU's. */
export function machineFacts({
  surroundings,
  hostMemory,
  hasTerminal,
}: {
  readonly surroundings: Surroundings;
  readonly hostMemory: number;
  readonly hasTerminal: boolean;
}): Omit<Machine, 'library' | 'gpus'> {
  const limit = /^Max open files\s+(\d+)/m.exec(readOrNull('/proc/self/limits') ?? '')?.[1];
  return {
    cores: usableCores(),
    memoryBytes: hostMemory,
    mountinfo: readOrNull('/proc/self/mountinfo') ?? '',
    wsl: isWsl() ? wslOf(surroundings) : null,
    isCloud: surroundings.isCloud,
    sharedMemoryBytes: shmBytes(),
    openFiles: limit === undefined ? null : Number(limit),
    hasTerminal,
    freeBytes: freeBytesAt,
    isWritable,
    packageFolder: bridgePlace().root.replace(/\/$/, ''),
  };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function shmBytes(): number | null {
  try {
    const { blocks, bsize } = statfsSync('/dev/shm');
    return blocks * bsize;
  } catch {
    return null;
  }
}

/** Its settings lie in the Windows user's folder. */
function wslOf({ windowsProfile }: Surroundings): Wsl {
  return { config: windowsProfile === null ? null : readOrNull(`${windowsProfile}/.wslconfig`) };
}

/** The GPUs that nvidia-smi tells of. @param freeBytes of the first, as CUDA says it */
export async function lookAtGpus(freeBytes: number | null): Promise<Gpu[]> {
  const described = await describeGpu(firstVisibleGpu());
  return described.map((description) => ({
    description,
    totalBytes: gpuParts(description).memoryBytes,
    freeBytes,
  }));
}
