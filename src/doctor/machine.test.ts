import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examine } from './examine.ts';
import type { Machine } from './machine.ts';
import { mountAt, slownessOf } from './machine.ts';
import { wslSetting } from './rules/wsl.ts';
import { Corpus, type SetUp } from './testing/corpus.ts';
import { CLOUD, examined, named, subjectOf, WITH_GPU, WORKSTATION } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
  // What is copied to a disk of this machine is copied below the home folder.
  process.env.HOME = corpus.copy().root;
});
afterAll(() => corpus[Symbol.dispose]());

const MIB = 2 ** 20;
/** Bytes of a checkpoint of the smoke model: weights, and AdamW's two averages of each, in float32. */
const CHECKPOINT = 4 * 3 * 46_653;
const [GPU] = WITH_GPU.gpus;
const onCuda: [string, string] = ['device: cpu', 'device: cuda'];

interface Fault {
  readonly name: string;
  readonly machine: (setUp: SetUp) => Machine;
  readonly changes?: readonly (readonly [string, string])[];
  readonly expected: readonly string[];
  readonly seen: RegExp;
  readonly cause: RegExp;
  /** Whether the printed command changes the configuration, so that the same machine is then fine with it. */
  readonly isMendedByCommand: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a bridge that is not built',
    machine: () => ({
      ...WORKSTATION,
      library: {
        problem: "the bridge to libtorch is not built: build/bridge/bgb.node is missing. Run 'make setup'.",
      },
    }),
    expected: ['M1 bridge'],
    seen: /bgb\.node is missing/,
    cause: /not built/,
    isMendedByCommand: false,
  },
  {
    name: 'CUDA asked for on a machine without a GPU',
    machine: () => WORKSTATION,
    changes: [onCuda],
    expected: ['M2 no-cuda'],
    seen: /libtorch 2\.11\.0 without CUDA; nvidia-smi shows no GPU/,
    cause: /There is no GPU here/,
    isMendedByCommand: true,
  },
  {
    name: 'a libtorch for the CPU beside a GPU',
    machine: () => ({ ...WORKSTATION, gpus: [GPU!] }),
    changes: [onCuda],
    expected: ['M2 no-cuda'],
    seen: /without CUDA; nvidia-smi shows NVIDIA GeForce RTX 4090/,
    cause: /libtorch is one for the CPU/,
    isMendedByCommand: false,
  },
  {
    name: 'the same where auto would take the GPU',
    machine: () => ({ ...WORKSTATION, gpus: [GPU!] }),
    changes: [['device: cpu', 'device: auto']],
    expected: ['M2 no-cuda'],
    seen: /nvidia-smi shows NVIDIA/,
    cause: /libtorch is one for the CPU/,
    isMendedByCommand: false,
  },
  {
    name: 'a driver that is too old',
    machine: () => ({
      ...WITH_GPU,
      library: { problem: null, version: '2.11.0', hasCuda: true, cudaDevices: 0 },
    }),
    changes: [onCuda],
    expected: ['M2 no-cuda'],
    seen: /with CUDA, which sees 0 GPUs/,
    cause: /driver is too old/,
    isMendedByCommand: false,
  },
  {
    name: 'a batch beyond the memory of the GPU',
    machine: () => ({ ...WITH_GPU, gpus: [{ ...GPU!, freeBytes: 500 * MIB }] }),
    changes: [onCuda, ['batch_size: 8', 'batch_size: 512']],
    expected: ['M3 gpu-memory'],
    seen: /batch_size 512; 500 MiB free on the GPU hold a batch of \d+/,
    cause: /Activations grow/,
    isMendedByCommand: true,
  },
  {
    name: 'few files may be open',
    machine: () => ({ ...WORKSTATION, openFiles: 256 }),
    changes: [
      ['use_balanced_sampling: false', 'use_balanced_sampling: false\n  residency: disk\n  num_workers: 8'],
    ],
    expected: ['M6 open-files'],
    seen: /256 files may be open; 8 workers need up to 704/,
    cause: /keeps up to 64 entries/,
    isMendedByCommand: false,
  },
  {
    name: 'a full disk',
    machine: () => ({ ...WORKSTATION, freeBytes: () => 100_000 }),
    expected: ['M7 disk-space'],
    seen: /0 MiB free at/,
    cause: /Saving would fail/,
    isMendedByCommand: false,
  },
  {
    name: 'a disk with room for one checkpoint and what is written beside it',
    machine: () => ({ ...WORKSTATION, freeBytes: () => 4 * CHECKPOINT }),
    expected: ['M7 disk-space'],
    seen: /free at/,
    cause: /Saving would fail/,
    isMendedByCommand: true,
  },
  {
    name: 'a full disk beside one with room',
    machine: ({ root }) => ({
      ...WORKSTATION,
      freeBytes: (path) => (path.startsWith(root) ? 100_000 : 500 * 2 ** 30),
    }),
    expected: ['M7 disk-space'],
    seen: /0 MiB free at/,
    cause: /Saving would fail/,
    isMendedByCommand: true,
  },
  {
    name: 'a residency that the memory cannot hold',
    machine: () => ({ ...WORKSTATION, memoryBytes: 100_000 }),
    changes: [['use_balanced_sampling: false', 'use_balanced_sampling: false\n  residency: host']],
    expected: ['M9 residency-memory'],
    seen: /residency host; 1 MiB of samples, 0 MiB of memory/,
    cause: /another machine or another cache/,
    isMendedByCommand: false,
  },
  {
    name: 'several processes in a container',
    machine: () => ({ ...WITH_GPU, sharedMemoryBytes: 64 * MIB }),
    changes: [onCuda, ['logging:', 'resources: {processes: 2}\nlogging:']],
    expected: ['M5 shared-memory'],
    seen: /\/dev\/shm has 64 MiB/,
    cause: /NCCL/,
    isMendedByCommand: false,
  },
  {
    name: 'a cache on a drive of Windows',
    machine: ({ cache }) => ({
      ...WORKSTATION,
      wsl: { config: null },
      mountinfo: `${WORKSTATION.mountinfo}\n110 70 0:54 / ${cache} rw - 9p C:\\134 rw,aname=drvfs;path=C:\\`,
    }),
    expected: ['W1 wsl-windows-drive'],
    seen: /data\.cache_dir is .*cache, on .*cache \(9p\)/,
    cause: /crosses the border to Windows/,
    isMendedByCommand: true,
  },
  {
    name: 'little memory for WSL2',
    machine: () => ({ ...WORKSTATION, wsl: { config: '[wsl2]\nmemory=1GB\n' }, memoryBytes: 1_500_000 }),
    changes: [['use_balanced_sampling: false', 'use_balanced_sampling: false\n  residency: host']],
    expected: ['W2 wsl-memory'],
    seen: /\.wslconfig: 1GB/,
    cause: /WSL2 gets half/,
    isMendedByCommand: false,
  },
  {
    name: 'an output folder that is read-only',
    machine: ({ root }) => ({ ...WORKSTATION, isWritable: (folder) => folder !== root }),
    expected: ['H13 output-not-writable'],
    seen: /cannot be written \(ext4\)/,
    cause: /read-only/,
    isMendedByCommand: true,
  },
  {
    name: 'two at once',
    machine: () => ({ ...WORKSTATION, openFiles: 64, freeBytes: () => 100_000 }),
    expected: ['M6 open-files', 'M7 disk-space'],
    seen: /./,
    cause: /./,
    isMendedByCommand: false,
  },
];

test.each(FAULTS)('$name: found, and nothing else, with its cause', async (fault) => {
  const setUp = corpus.copy(fault.changes);
  const machine = fault.machine(setUp);
  const { findings } = await examined(setUp.config, { machine });
  expect(findings.map(({ id, rule }) => `${id} ${rule}`).sort()).toEqual(fault.expected);
  expect(findings[0]!.evidence).toMatch(fault.seen);
  expect(findings[0]!.cause).toMatch(fault.cause);
  if (!fault.isMendedByCommand) return;
  const home = { HOME: setUp.root };
  expect(type(findings[0]!.fix.command!, { cwd: setUp.root, env: home })).toMatchObject({ code: 0 });
  expect(named(await examined(setUp.config, { machine }))).toEqual([]);
});

test('a disk without room for the rest of the cache: what is built goes to one with room, and the rest is built there', async () => {
  const setUp = corpus.copy();
  process.env.HOME = setUp.root;
  const machine = {
    ...WORKSTATION,
    freeBytes: (path: string) => (path.startsWith(setUp.cache) ? 1000 : 500 * 2 ** 30),
  };
  rmSync(join(setUp.cache, 'train'), { recursive: true });
  const found = await examined(setUp.config, { machine });
  expect(named(found)).toContain('M8 cache-space');
  const space = found.findings.find(({ rule }) => rule === 'cache-space')!;
  // Two recordings of 18 channels are left, of those that are there the mean is taken.
  expect(space.evidence).toMatch(
    /^2 recordings are left, about \S+ MiB by the 2 that are there; 0 MiB free$/,
  );
  expect(type(space.fix.command!, { cwd: setUp.root })).toMatchObject({ code: 0 });
  expect(named(await examined(setUp.config, { machine }))).toEqual([]);
});

test('a clock that was set back, or never set', async () => {
  const { config } = corpus.copy();
  const early = await examined(config, { now: new Date('1970-01-02') });
  expect(named(early)).toEqual(['M10 clock']);
  expect(early.findings[0]!.evidence).toBe('now 1970-01-02T00:00:00.000Z');
  expect(early.findings[0]!.fix.command).toBe('sudo timedatectl set-ntp true');
  const wsl = await examined(config, {
    now: new Date('1970-01-02'),
    machine: { ...WORKSTATION, wsl: { config: null } },
  });
  expect(wsl.findings[0]!.fix.command).toBe('sudo hwclock -s');
});

test('progress bars: in the cloud with a terminal, and in a log of a run', async () => {
  const { config } = corpus.copy();
  const machine = { ...CLOUD, hasTerminal: true };
  expect(named(await examined(config, { machine }))).toContain('H10 progress-bars');
  expect(named(await examined(config, { machine, variables: { BGB_DISABLE_TQDM: '1' } }))).not.toContain(
    'H10 progress-bars',
  );
});

test('where a path lies, and what is slow', () => {
  const mountinfo = [
    '70 82 8:48 / / rw - ext4 /dev/sdd rw',
    '71 70 0:60 / /srv rw - nfs4 server:/export rw',
    '72 70 0:61 / /bucket rw - fuse.gcsfuse bucket rw',
    '73 70 0:54 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\',
  ].join('\n');
  const slow = (path: string) => slownessOf(mountAt({ mountinfo }, path)!);
  expect(['/srv/tusz', '/bucket/x', '/mnt/c/eeg', '/home/ann/cache'].map(slow)).toEqual([
    'a network file system',
    'a bucket',
    'a drive of Windows behind WSL2',
    null,
  ]);
});

test('a folder of Windows with a blank in its name is one word of the command', async () => {
  const mountinfo = `${WORKSTATION.mountinfo}\n73 70 0:54 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\`;
  const { findings } = await examined(corpus.copy().config, {
    machine: { ...WORKSTATION, wsl: { config: null }, mountinfo },
    set: ['data.cache_dir=/mnt/c/Ann Lee/eeg'],
  });
  const { fix } = findings.find(({ rule }) => rule === 'wsl-windows-drive')!;
  expect(fix.command).toContain("if [ -d '/mnt/c/Ann Lee/eeg' ]; then cp -r '/mnt/c/Ann Lee/eeg/.' ");
});

test('.wslconfig is read whatever its case and blanks', () => {
  expect(wslSetting('[wsl2]\n  Memory = 12GB \nvmIdleTimeout=-1', 'memory')).toBe('12GB');
  expect(wslSetting('[wsl2]\n# vmIdleTimeout=-1', 'vmIdleTimeout')).toBeNull();
  expect(wslSetting(null, 'memory')).toBeNull();
});

test('under WSL2 a live run is told about vmIdleTimeout, unless it is set', async () => {
  const { config } = corpus.copy();
  const subject = await subjectOf(config);
  const look = (wslconfig: string | null, state: 'running' | 'finished') =>
    examine({
      ...subject,
      run: {
        status: { state, lastAt: null },
        events: [],
        checkpoints: [],
        barred: [],
        leftovers: [],
        pace: null,
        successor: null,
        fingerprint: { splits: null, createdAt: '2025-01-01T00:00:00Z', environment: {} },
      } as unknown as typeof subject.run,
      machine: { ...subject.machine, wsl: { config: wslconfig } },
    }).findings.filter(({ id }) => id.startsWith('W'));
  expect(look(null, 'running').map(({ rule }) => rule)).toEqual(['wsl-idle']);
  expect(look('[wsl2]\nvmIdleTimeout=60000', 'running')[0]!.evidence).toMatch(/vmIdleTimeout 60000/);
  expect(look('[wsl2]\nvmIdleTimeout=-1', 'running')).toEqual([]);
  expect(look(null, 'finished')).toEqual([]);
});

test('a bridge that is broken stops nothing but what needs it', async () => {
  const { config, cache } = corpus.copy();
  rmSync(join(cache, 'train/manifest.json'));
  const machine = { ...WORKSTATION, library: { problem: 'gone' } };
  expect(named(await examined(config, { machine }))).toEqual(['D1 manifest-missing', 'M1 bridge']);
});
