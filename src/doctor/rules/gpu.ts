import { gib } from '../../words.ts';
import type { Found } from '../finding.ts';
import { configHere, corpusBytesIn, deviceOf, loaderUseOf } from '../loader-use.ts';
import type { Rule } from '../rule.ts';
import type { Subject } from '../subject.ts';

/** libtorch and the GPU. */
export const GPU: readonly Rule[] = [
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
];

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
