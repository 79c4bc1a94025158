import { originText } from '../../config/index.ts';
import type { Found } from '../finding.ts';
import { deviceOf, type LoaderUse, loaderUseOf } from '../loader-use.ts';
import type { Rule } from '../rule.ts';
import { type ConfigSubject, configsOf, type Subject } from '../subject.ts';

/** Readers that the guide asks for, by what a configuration is for. */
export const READERS = { local: 4, cloud: 8 } as const;

/** Readers that help: no more than there are cores, where those are this machine's. */
export function wantedReaders({ kind }: ConfigSubject, { machine }: Subject): number {
  const isHere = kind === 'local' || machine.isCloud;
  return isHere ? Math.min(READERS[kind], machine.cores) : READERS[kind];
}

/** A setting of the loader that is not as it should be, for each configuration whose loader uses it. */
function unlike(
  field: 'num_workers' | 'pin_memory' | 'persistent_workers',
  of: (
    config: ConfigSubject,
    subject: Subject,
    use: LoaderUse,
  ) => { readonly wanted: number | boolean; readonly also?: readonly string[] } | null,
): Rule['look'] {
  return (subject) =>
    configsOf(subject).flatMap((config): Found[] => {
      // A run tells itself whether its loader kept up; see starvation.ts.
      if (config === subject.config && subject.run !== null) return [];
      const use = loaderUseOf(config, subject);
      const wrong = of(config, subject, use);
      if (wrong === null) return [];
      const { data } = config.loaded.config;
      const assignments = [`data.${field}=${wrong.wanted}`, ...(wrong.also ?? [])];
      return [
        {
          about: config.path,
          evidence: `${config.path}: data.${field} is ${data[field]} (${originText(config.loaded.origins.get(`data.${field}`)!)}), data.residency ${data.residency}${use === 'open' ? ', which may choose disk' : ''}`,
          fix: {
            command: subject.commands.write(config.path, assignments),
            says: `Set ${assignments.join(' and ').replaceAll('=', ' to ')}.`,
          },
        },
      ];
    });
}

/** Settings of the loader that waste the machine, judged where they are used. */
export const LOADER_SETTINGS: readonly Rule[] = [
  {
    id: 'L1',
    name: 'loader-workers',
    group: 'loader',
    severity: 'wasteful',
    title: 'Too few loader workers',
    looksAt: 'data.num_workers, data.residency, the usable cores',
    evidence:
      '0 workers where batches are read from disk; on a GPU fewer than 4 (8 in the cloud), or than there are cores',
    cause: 'With 0 workers batches are read between two steps, while nothing computes.',
    fix: '`bgb doctor CONFIG --write data.num_workers=4`',
    isQuick: true,
    look: unlike('num_workers', (config, subject, use) => {
      if (use === 'none' || use === 'copies') return null;
      const { num_workers, persistent_workers } = config.loaded.config.data;
      const wanted = wantedReaders(config, subject);
      const least = deviceOf(config, subject) === 'cuda' ? wanted : 1;
      if (num_workers >= least) return null;
      return { wanted, also: persistent_workers ? [] : ['data.persistent_workers=true'] };
    }),
  },
  {
    id: 'L2',
    name: 'loader-pinned',
    group: 'loader',
    severity: 'wasteful',
    title: 'Batches are copied to the GPU from memory that is not pinned',
    looksAt: 'data.pin_memory, data.residency, the device',
    evidence: 'pin_memory false on a GPU where samples are not on it already',
    cause: 'A copy from pageable memory makes the GPU wait; a pinned one runs beside the step.',
    fix: '`bgb doctor CONFIG --write data.pin_memory=true`',
    isQuick: true,
    look: unlike('pin_memory', (config, subject, use) =>
      use === 'none' || deviceOf(config, subject) === 'cpu' || config.loaded.config.data.pin_memory
        ? null
        : { wanted: true },
    ),
  },
  {
    id: 'L3',
    name: 'loader-persistent',
    group: 'loader',
    severity: 'wasteful',
    title: 'Loader workers are started anew each epoch',
    looksAt: 'data.persistent_workers, data.num_workers, data.residency, the device',
    evidence: 'persistent_workers false with readers for a GPU',
    cause: 'Each epoch begins with an empty queue, and the GPU waits until it has filled.',
    fix: '`bgb doctor CONFIG --write data.persistent_workers=true`',
    isQuick: true,
    look: unlike('persistent_workers', (config, subject, use) => {
      const { num_workers, persistent_workers } = config.loaded.config.data;
      const isUsed = (use === 'reads' || use === 'open') && deviceOf(config, subject) === 'cuda';
      return isUsed && num_workers > 0 && !persistent_workers ? { wanted: true } : null;
    }),
  },
];
