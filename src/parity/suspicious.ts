import { basename, relative } from 'node:path';
import { isInside, isLocalAbsolute, isOnCloudMount, kindOfConfig } from '../config/index.ts';
import type { Side } from './side.ts';

/** Something that is allowed and rarely meant. */
export interface Suspicion {
  /** Stable. */
  readonly id: 'cache_root' | 'two_caches' | 'pin_memory' | 'num_workers' | 'local_path';
  readonly side: 'a' | 'b';
  readonly field: string;
  readonly value: unknown;
  readonly origin: string;
  /** Why, and what to do. */
  readonly text: string;
}

type Found = Pick<Suspicion, 'id' | 'field' | 'text'> & Partial<Pick<Suspicion, 'value' | 'origin'>>;

/** What looks wrong in either configuration, by itself or beside the other. */
export function suspicions(a: Side, b: Side): Suspicion[] {
  const of = (side: 'a' | 'b', own: Side, other: Side) =>
    RULES.flatMap((rule) => rule(own, other)).map(
      (found): Suspicion => ({
        side,
        value: own.values.get(found.field),
        origin: own.origins[found.field] ?? 'default',
        ...found,
      }),
    );
  return [...of('a', a, b), ...of('b', b, a)];
}

const RULES: readonly ((own: Side, other: Side) => Found[])[] = [
  cacheUnderOtherRoot,
  twoCaches,
  unpinnedMemory,
  noWorkers,
  localPaths,
];

function isCloud({ path, kind, config }: Side): boolean {
  return kindOfConfig(kind === 'configuration' ? path : null, config) === 'cloud';
}

function cacheUnderOtherRoot(own: Side, other: Side): Found[] {
  const { cache_dir } = own.config.data;
  const found = (text: string): Found[] => [{ id: 'cache_root', field: 'data.cache_dir', text }];
  if (isCloud(own) !== isCloud(other)) {
    if (isOnCloudMount(cache_dir) === isCloud(own)) return [];
    return found(
      isCloud(own)
        ? 'The cache of a cloud configuration is under a root of the workstation: it would not be on the volume, and is gone when the container ends. Put it below /results.'
        : 'The cache of a workstation configuration is under a root of the cloud. Put it where this machine keeps its data.',
    );
  }
  const theirs = other.config.data;
  // The default, `cache`, is where most have theirs.
  const isStated = other.origins['data.cache_dir'] !== 'default';
  if (isStated && cache_dir !== theirs.cache_dir && isInside(cache_dir, theirs.cache_dir))
    return found(
      `The cache lies within the other configuration's cache, ${theirs.cache_dir} (as ${relative(theirs.cache_dir, cache_dir)}). Give each its own root.`,
    );
  const recordings = [theirs.data_dir ?? []].flat().find((folder) => isInside(cache_dir, folder));
  return recordings === undefined
    ? []
    : found(`The cache lies within the recordings, ${recordings}. Give it a folder of its own.`);
}

function twoCaches({ otherCache, config }: Side): Found[] {
  if (otherCache === null) return [];
  return [
    {
      id: 'two_caches',
      field: 'experiment.cache_dir',
      value: otherCache.found,
      origin: otherCache.origin,
      text: `It is another folder than data.cache_dir, ${config.data.cache_dir}: one would be built and the other read. State one of them.`,
    },
  ];
}

function isOnGpu(side: Side): boolean {
  const { device } = side.config.experiment;
  return device === 'cuda' || (device === 'auto' && isCloud(side));
}

function unpinnedMemory(side: Side): Found[] {
  const { pin_memory, residency } = side.config.data;
  if (pin_memory || residency === 'device' || !isOnGpu(side)) return [];
  return [
    {
      id: 'pin_memory',
      field: 'data.pin_memory',
      text: 'Copies to a GPU wait where the memory is not pinned. Set it to true.',
    },
  ];
}

function noWorkers(own: Side, other: Side): Found[] {
  const { num_workers, residency } = own.config.data;
  const mayReadDisk =
    residency === 'disk' || (residency === 'auto' && isOnGpu(own) && other.config.data.num_workers > 0);
  if (num_workers > 0 || !mayReadDisk) return [];
  return [
    {
      id: 'num_workers',
      field: 'data.num_workers',
      text:
        residency === 'disk'
          ? 'Windows are read from disk by the training thread itself, and the model waits for each. Set it to 4 or more.'
          : 'Where the samples do not fit into memory, the training thread reads them from disk itself, and the model waits. Set it to 4 or more.',
    },
  ];
}

const PATHS = [
  'data.data_dir',
  'data.cache_dir',
  'data.split_file',
  'training.init_from',
  'experiment.output_dir',
];
/** What a container keeps or finds only on a mount. */
const MOUNTED = ['data.data_dir', 'data.cache_dir', 'experiment.output_dir'];

function localPaths(own: Side, other: Side): Found[] {
  if (!isCloud(own)) return [];
  // A cache in the wrong place has been told beside a workstation's.
  const fields = isCloud(other) ? PATHS : PATHS.filter((field) => field !== 'data.cache_dir');
  return fields.flatMap((field): Found[] => {
    const paths = [own.values.get(field) ?? []].flat() as string[];
    const local = paths.find(isLocalAbsolute);
    if (local !== undefined)
      return [
        {
          id: 'local_path',
          field,
          text: `${local} is a path of a workstation in a cloud configuration. Everything lies under /data and /results there.`,
        },
      ];
    const loose = paths.find((path) => !isOnCloudMount(path));
    if (loose === undefined || !MOUNTED.includes(field)) return [];
    return [
      {
        id: 'local_path',
        field,
        text: `${loose} is not on a mount of the cloud, and gone when the container ends. Put ${basename(loose)} under /data or /results.`,
      },
    ];
  });
}
