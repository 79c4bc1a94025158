import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Found } from '../finding.ts';
import { corpusBytesIn, deviceOf, loaderUseOf } from '../loader-use.ts';
import { mountAt } from '../machine.ts';
import type { Rule } from '../rule.ts';
import type { ConfigSubject, Subject } from '../subject.ts';
import { unbuilt } from './cache.ts';

/** The configuration that would be trained on this machine; null for a run, or one that is for another. */
export function configHere({ config, run, machine }: Subject): ConfigSubject | null {
  return config !== null && run === null && (config.kind === 'local' || machine.isCloud) ? config : null;
}

function gib(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Bytes of weights, and of what the optimiser keeps for them, in one checkpoint. */
function checkpointBytes(subject: Subject, { loaded: { config } }: ConfigSubject): number | null {
  if (subject.computing === null) return null;
  const { cost } = subject.computing.planMemory(config, 'cpu', 0);
  const copies = (config.training.optimizer === 'sgd' ? 2 : 3) + (config.training.ema_decay === null ? 0 : 1);
  return 4 * copies * cost.parameters;
}

/** Files that stay open: entries of each reader, and what a run writes. */
const FILES_OF_READER = 64;
const OTHER_FILES = 128;

/** The machine that trains. */
export const MACHINE: readonly Rule[] = [
  {
    id: 'M1',
    name: 'bridge',
    group: 'machine',
    severity: 'worthless result',
    title: 'libtorch cannot be loaded',
    looksAt: 'the bridge to libtorch, and loading it',
    evidence: 'what the loader says',
    cause: 'The bridge was not built, or libtorch was moved, removed or replaced since.',
    fix: '`make setup` in the folder of bgb',
    look: ({ machine: { library, packageFolder } }) =>
      library.problem === null
        ? []
        : [
            {
              evidence: library.problem,
              fix: {
                command: `make -C ${packageFolder} setup`,
                says: 'Set bgb up again: the bridge is built for the libtorch that is found.',
              },
            },
          ],
  },
  {
    id: 'M2',
    name: 'no-cuda',
    group: 'machine',
    severity: 'worthless result',
    title: 'The configuration asks for CUDA, and libtorch sees none',
    looksAt: 'experiment.device, libtorch, and what nvidia-smi tells',
    evidence: 'libtorch with or without CUDA, the GPUs that the driver shows, its version',
    cause: 'told apart: a libtorch for the CPU, a driver that is too old for it, or no GPU',
    fix: 'PyTorch with CUDA and `make setup`; a newer driver; or `bgb doctor CONFIG --write experiment.device=auto`',
    look: (subject) => withoutCuda(subject),
  },
  {
    id: 'M3',
    name: 'gpu-memory',
    group: 'machine',
    severity: 'wasteful',
    title: 'The batch does not fit into the memory of the GPU',
    looksAt: 'training.batch_size, the model, and free memory of the GPU',
    evidence: 'the batch asked for, the one that fits, and the free memory',
    cause: 'Activations grow with the batch: training would end at its first step.',
    fix: '`bgb doctor CONFIG --write training.batch_size=N --write training.gradient_accumulation_steps=M`',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      const free = subject.machine.gpus[0]?.freeBytes ?? null;
      if (
        config === null ||
        subject.computing === null ||
        free === null ||
        deviceOf(config, subject) === 'cpu'
      )
        return [];
      const { training } = config.loaded.config;
      const resident = loaderUseOf(config, subject) === 'none' ? (corpusBytesIn(subject) ?? 0) : 0;
      const { fitting } = subject.computing.planMemory(config.loaded.config, 'cuda', free - resident);
      if (training.batch_size <= fitting || fitting === 0) return [];
      const steps = Math.ceil(training.batch_size / fitting) * training.gradient_accumulation_steps;
      return [
        {
          evidence: `training.batch_size ${training.batch_size}; ${gib(free)} free on the GPU hold a batch of ${fitting}`,
          fix: {
            command: subject.commands.write(config.path, [
              `training.batch_size=${fitting}`,
              `training.gradient_accumulation_steps=${steps}`,
            ]),
            says: `Take about as many windows a step in ${steps} batches of ${fitting}.`,
          },
        },
      ];
    },
  },
  {
    id: 'M5',
    name: 'shared-memory',
    group: 'machine',
    severity: 'note',
    title: '/dev/shm is small for several processes',
    looksAt: 'resources.processes, the device, and the size of /dev/shm',
    evidence: 'its size',
    cause: "NCCL's processes exchange gradients through it; containers give it 64 MiB.",
    fix: 'start the container with a larger one (--shm-size=1g)',
    look: (subject) => {
      const config = configHere(subject);
      const { sharedMemoryBytes } = subject.machine;
      if (config === null || sharedMemoryBytes === null || deviceOf(config, subject) === 'cpu') return [];
      const { processes, distributed } = config.loaded.config.resources;
      const isAlone = processes === 1 && !distributed;
      return isAlone || sharedMemoryBytes >= 256 * 2 ** 20
        ? []
        : [
            {
              evidence: `/dev/shm has ${gib(sharedMemoryBytes)}`,
              fix: {
                command: null,
                says: 'Start the container with --shm-size=1g, or set NCCL_SHM_DISABLE=1.',
              },
            },
          ];
    },
  },
  {
    id: 'M6',
    name: 'open-files',
    group: 'machine',
    severity: 'wasteful',
    title: 'A process may open too few files',
    looksAt: 'the limit of open files beside data.num_workers',
    evidence: 'the limit, and what readers need',
    cause: `Each reader keeps up to ${FILES_OF_READER} entries open.`,
    fix: '`ulimit -n 4096` before training',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      const { openFiles } = subject.machine;
      if (config === null || openFiles === null) return [];
      const needed = (config.loaded.config.data.num_workers + 1) * FILES_OF_READER + OTHER_FILES;
      return openFiles >= needed
        ? []
        : [
            {
              evidence: `${openFiles} files may be open; ${config.loaded.config.data.num_workers} workers need up to ${needed}`,
              fix: {
                command: `ulimit -n ${Math.max(4096, needed)}`,
                says: 'Raise the limit in the shell that trains.',
              },
            },
          ];
    },
  },
  {
    id: 'M7',
    name: 'disk-space',
    group: 'machine',
    severity: 'wasteful',
    title: 'The disk has no room for the checkpoints',
    looksAt: 'free bytes at experiment.output_dir, the size of a checkpoint, training.keep_checkpoints',
    evidence: 'both',
    cause: 'Saving would fail in the middle of the run.',
    fix: '`bgb doctor CONFIG --write experiment.output_dir=FOLDER`, or remove old runs',
    isQuick: true,
    look: (subject) => {
      const config = configHere(subject);
      if (config === null) return [];
      const { output_dir } = config.loaded.config.experiment;
      const free = subject.machine.freeBytes(output_dir);
      const one = checkpointBytes(subject, config);
      if (free === null || one === null) return [];
      // The kept ones, the best one, and the one that is being written.
      const needed = one * (config.loaded.config.training.keep_checkpoints + 2);
      return free >= needed
        ? []
        : [
            {
              evidence: `${gib(free)} free at ${output_dir}; the checkpoints take ${gib(needed)}`,
              fix: {
                command: null,
                says: 'Remove old runs, lower training.keep_checkpoints, or set experiment.output_dir to another disk.',
              },
            },
          ];
    },
  },
  {
    id: 'M8',
    name: 'cache-space',
    group: 'machine',
    severity: 'wasteful',
    title: 'The disk has no room for the rest of the cache',
    looksAt: 'recordings without an entry, the bytes of an entry so far, and free bytes at data.cache_dir',
    evidence: 'what is needed, and what is free',
    cause: 'The build would fail before its end.',
    fix: '`bgb doctor CONFIG --write data.cache_dir=FOLDER` on a larger disk',
    look: (subject) => {
      const { cache, recordings, config } = subject;
      if (cache === null || recordings === null || config === null) return [];
      const free = subject.machine.freeBytes(cache.folder);
      const entries = cache.splits.reduce((sum, { survey }) => sum + survey.entries.size, 0);
      const bytes = cache.splits.reduce((sum, split) => sum + split.bytes, 0);
      const left = unbuilt(subject).length;
      if (free === null || entries === 0 || left <= 0) return [];
      const needed = (bytes / entries) * left;
      return free >= needed
        ? []
        : [
            {
              about: cache.folder,
              evidence: `${left} recordings are left, about ${gib(needed)} by the ${entries} that are there; ${gib(free)} free`,
              fix: {
                command: null,
                says: 'Set data.cache_dir to a folder on a larger disk, and copy what is built there first.',
              },
            },
          ];
    },
  },
  {
    id: 'M9',
    name: 'residency-memory',
    group: 'machine',
    severity: 'worthless result',
    title: 'The samples do not fit where data.residency puts them',
    looksAt: 'data.residency, bytes of the samples, memory of host and GPU',
    evidence: 'all three',
    cause: 'The residency was chosen for another machine or another cache.',
    fix: '`bgb doctor CONFIG --write data.residency=auto`',
    look: (subject) => {
      const config = configHere(subject);
      const bytes = corpusBytesIn(subject);
      if (config === null || bytes === null || subject.computing === null) return [];
      const { data } = config.loaded.config;
      const device =
        deviceOf(config, subject) === 'cpu' ? null : (subject.machine.gpus[0]?.freeBytes ?? null);
      const room =
        data.residency === 'device' ? (device ?? subject.machine.memoryBytes) : subject.machine.memoryBytes;
      if (data.residency === 'auto' || data.residency === 'disk' || bytes <= room) return [];
      return [
        {
          evidence: `data.residency ${data.residency}; ${gib(bytes)} of samples, ${gib(room)} of memory`,
          fix: {
            command: subject.commands.write(config.path, ['data.residency=auto']),
            says: 'Let bgb choose: the GPU, memory or disk, by what fits.',
          },
        },
      ];
    },
  },
  {
    id: 'M10',
    name: 'clock',
    group: 'machine',
    severity: 'note',
    title: "The machine's clock is wrong",
    looksAt: 'the time now, and the times that the run wrote',
    evidence: 'both',
    cause: 'The clock was set back, or was never set: signs of life and orders of runs mislead.',
    fix: '`sudo hwclock -s` under WSL2, or switch on network time',
    look: ({ run, now, machine }) => {
      const last = run?.status.lastAt ?? run?.fingerprint.createdAt ?? null;
      const ahead = last === null ? 0 : Date.parse(last) - now.getTime();
      if (ahead < 5 * 60_000 && now.getFullYear() >= EARLIEST_YEAR) return [];
      return [
        {
          evidence: `now ${now.toISOString()}${last === null ? '' : `; the run wrote at ${last}`}`,
          fix:
            machine.wsl === null
              ? { command: 'sudo timedatectl set-ntp true', says: 'Let the clock follow the network.' }
              : { command: 'sudo hwclock -s', says: 'WSL2 loses time while Windows sleeps: set its clock.' },
        },
      ];
    },
  },
  {
    id: 'H13',
    name: 'output-not-writable',
    group: 'machine',
    severity: 'worthless result',
    title: 'The run folder cannot be written',
    looksAt: 'rights of experiment.output_dir, or of the folder above it that is there',
    evidence: 'the folder',
    cause: 'A mount is read-only, or the folder is of another user.',
    fix: '`bgb doctor CONFIG --write experiment.output_dir=FOLDER`',
    look: (subject) => {
      const config = configHere(subject);
      if (config === null) return [];
      let there = resolve(config.loaded.config.experiment.output_dir);
      while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
      if (subject.machine.isWritable(there)) return [];
      return [
        {
          evidence: `${there} cannot be written${mountAt(subject.machine, there) === null ? '' : ` (${mountAt(subject.machine, there)!.file_system})`}`,
          fix: {
            command: subject.commands.write(config.path, [
              `experiment.output_dir=results/${config.loaded.config.experiment.name}`,
            ]),
            says: 'Write the run somewhere else, or change the rights.',
          },
        },
      ];
    },
  },
  {
    id: 'H10',
    name: 'progress-bars',
    group: 'machine',
    severity: 'note',
    title: 'Progress bars in a log',
    looksAt: 'log files of the run; in the cloud, whether progress would go to a terminal',
    evidence: 'the files, or the variable that is not set',
    cause: 'Bars redraw their line, which a log keeps as thousands of pieces.',
    fix: '`export BGB_DISABLE_TQDM=1`',
    look: ({ run, machine, environment }) => {
      const fix = {
        command: 'export BGB_DISABLE_TQDM=1',
        says: 'Progress is then a line from time to time.',
      };
      const found: Found[] = [];
      if (machine.isCloud && machine.hasTerminal && !environment.isProgressPlain)
        found.push({ evidence: 'a terminal in the cloud, and BGB_DISABLE_TQDM is not set', fix });
      if (run !== null && run.barred.length > 0)
        found.push({
          evidence: `${run.barred.join(', ')}`,
          fix: {
            ...fix,
            command: [
              fix.command,
              ...run.barred.map((path) => `sed -i -e 's/.*\\r//' -e 's/\\x1b\\[2K//g' ${path}`),
            ].join(' && '),
          },
        });
      return found;
    },
  },
];

/** bgb is younger. */
const EARLIEST_YEAR = 2024;

function withoutCuda(subject: Subject): Found[] {
  const config = configHere(subject);
  const { library, gpus } = subject.machine;
  if (config === null || library.problem !== null) return [];
  const { device } = config.loaded.config.experiment;
  const isSeen = library.hasCuda && library.cudaDevices > 0;
  // A CPU is chosen on purpose; with auto, a GPU that nothing uses is not.
  if (isSeen || device === 'cpu' || (device === 'auto' && gpus.length === 0)) return [];
  const says = `libtorch ${library.version} ${library.hasCuda ? `with CUDA, which sees ${library.cudaDevices} GPUs` : 'without CUDA'}; nvidia-smi shows ${gpus.map(({ description }) => description).join('; ') || 'no GPU'}`;
  if (gpus.length === 0)
    return [
      {
        evidence: says,
        cause: 'There is no GPU here, or its driver is not installed.',
        fix: {
          command: subject.commands.write(config.path, ['experiment.device=auto']),
          says: 'Let bgb take the CPU where there is no GPU; or install the driver.',
        },
      },
    ];
  return [
    library.hasCuda
      ? {
          evidence: says,
          cause: 'The driver is too old for this libtorch, or hides the GPU (CUDA_VISIBLE_DEVICES).',
          fix: {
            command: null,
            says: 'Update the driver (under WSL2, that of Windows), or install PyTorch for an older CUDA and run make setup.',
          },
        }
      : {
          severity: device === 'auto' ? 'wasteful' : 'worthless result',
          evidence: says,
          cause: 'This libtorch is one for the CPU.',
          fix: {
            command: `pip install torch && make -C ${subject.machine.packageFolder} setup`,
            says: 'Install PyTorch with CUDA, and build the bridge for it.',
          },
        },
  ];
}
