// Looks with a healthy machine of a given kind, whatever machine the tests run on.
import { readEnvironment } from '../../config/index.ts';
import { type Examination, examine } from '../examine.ts';
import { lookAt } from '../look.ts';
import type { Machine } from '../machine.ts';
import type { Subject } from '../subject.ts';

const GIB = 2 ** 30;

/** A workstation: 16 cores, 64 GiB, Linux on ext4, no GPU. */
export const WORKSTATION: Machine = {
  cores: 16,
  memoryBytes: 64 * GIB,
  mountinfo: '70 82 8:48 / / rw,relatime - ext4 /dev/sdd rw',
  wsl: null,
  isCloud: false,
  library: { problem: null, version: '2.11.0', hasCuda: false, cudaDevices: 0 },
  gpus: [],
  sharedMemoryBytes: 32 * GIB,
  openFiles: 1_048_576,
  hasTerminal: true,
  freeBytes: () => 500 * GIB,
  isWritable: () => true,
  packageFolder: '/opt/bgb',
};

/** The same with a GPU of 24 GiB. */
export const WITH_GPU: Machine = {
  ...WORKSTATION,
  library: { problem: null, version: '2.11.0', hasCuda: true, cudaDevices: 1 },
  gpus: [
    {
      description: 'NVIDIA GeForce RTX 4090, 24564 MiB, driver 580.65',
      totalBytes: 24 * GIB,
      freeBytes: 23 * GIB,
    },
  ],
};

/** A rented container with an A100. */
export const CLOUD: Machine = {
  ...WITH_GPU,
  isCloud: true,
  hasTerminal: false,
  gpus: [
    {
      description: 'NVIDIA A100 80GB PCIe, 81920 MiB, driver 580.65',
      totalBytes: 80 * GIB,
      freeBytes: 79 * GIB,
    },
  ],
};

export async function subjectOf(
  path: string | null,
  {
    machine = WORKSTATION as Partial<Machine>,
    variables = {} as Record<string, string>,
    set = [] as string[],
    isDeep = false,
    now = new Date(),
  } = {},
): Promise<Subject> {
  return lookAt({
    path,
    set,
    environment: readEnvironment(variables),
    surroundings: { isCloud: false, windowsProfile: null },
    isDeep,
    hasTerminal: true,
    now,
    machine,
  });
}

export async function examined(...parameters: Parameters<typeof subjectOf>): Promise<Examination> {
  return examine(await subjectOf(...parameters));
}

/** `id rule` of each finding, in order of name. */
export function named({ findings }: Examination): string[] {
  return findings.map(({ id, rule }) => `${id} ${rule}`).sort();
}
