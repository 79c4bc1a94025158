import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { firstVisibleGpu, type Surroundings, usableCores } from '../config/index.ts';
import { describeGpu } from '../runs/index.ts';

/** A mount, as /proc/self/mountinfo tells it. */
export interface Mount {
  readonly point: string;
  /** As in `ext4`, `9p`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
}

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
  readonly mounts: readonly Mount[];
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
}

/** The mount that a path is on, by the longest mount point above it. */
export function mountOf({ mounts }: Pick<Machine, 'mounts'>, path: string): Mount | null {
  const at = resolve(path);
  return mounts
    .filter(({ point }) => at === point || at.startsWith(point === '/' ? '/' : `${point}/`))
    .reduce<Mount | null>(
      (best, each) => (best === null || each.point.length >= best.point.length ? each : best),
      null,
    );
}

/** File systems that answer over a network, or through another system, and what they are. */
export function slownessOf(type: string): string | null {
  if (/^(9p|drvfs|v9fs)$/.test(type)) return 'a Windows disk behind WSL2';
  if (/^(nfs4?|cifs|smb3|smbfs|ceph|lustre|glusterfs|afs|ncpfs)$/.test(type)) return 'a network file system';
  if (
    /^fuse\.(s3fs|goofys|gcsfuse|rclone|mountpoint-s3|geesefs|juicefs|blobfuse2?)$/.test(type) ||
    type === 'mountpoint-s3'
  )
    return 'a bucket';
  if (type.startsWith('fuse') && type !== 'fuseblk') return 'a file system in user space';
  return null;
}

/** Mounts from the text of /proc/self/mountinfo (proc(5)). */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const point = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    if (point === undefined || type === undefined) return [];
    return [
      {
        point: point.replaceAll(/\\(\d{3})/g, (_, code: string) =>
          String.fromCharCode(Number.parseInt(code, 8)),
        ),
        type,
      },
    ];
  });
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
    mounts: parseMounts(readOrNull('/proc/self/mountinfo') ?? ''),
    wsl: wslOf(readOrNull('/proc/version') ?? '', surroundings),
    isCloud: surroundings.isCloud,
    sharedMemoryBytes: shmBytes(),
    openFiles: limit === undefined ? null : Number(limit),
    hasTerminal,
  };
}

function shmBytes(): number | null {
  try {
    const { blocks, bsize } = statfsSync('/dev/shm');
    return blocks * bsize;
  } catch {
    return null;
  }
}

/** WSL2 by the kernel's own name; its settings lie in the Windows user's folder. */
function wslOf(kernel: string, { windowsProfile }: Surroundings): Wsl | null {
  if (!/microsoft/i.test(kernel)) return null;
  return { config: windowsProfile === null ? null : readOrNull(`${windowsProfile}/.wslconfig`) };
}

/** The GPUs that nvidia-smi tells of. @param freeBytes of the first, as CUDA says it */
export async function lookAtGpus(freeBytes: number | null): Promise<Gpu[]> {
  const described = await describeGpu(firstVisibleGpu());
  return described.map((description) => {
    const mebibytes = /, (\d+) MiB/.exec(description)?.[1];
    return {
      description,
      totalBytes: mebibytes === undefined ? null : Number(mebibytes) * 2 ** 20,
      freeBytes,
    };
  });
}
