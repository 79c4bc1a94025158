import type { Environment } from '../environment.ts';
import type { RunStart } from '../run-folder.ts';

export const environment: Environment = {
  bgb: '0.1.0',
  code: { commit: '0123456789abcdef0123456789abcdef01234567', is_dirty: true },
  lock_file: null,
  node: 'v24.0.0',
  libtorch: null,
  cuda: null,
  gpus: [],
  device: 'cpu',
  threads: 2,
  platform: 'linux x64',
  cpu: 'some processor',
  usable_cores: 2,
  memory_bytes: 1e9,
  memory_limit_bytes: null,
  variables: { BGB_LIMIT_FILES: '50' },
};

/** What a run is started with, with other values for some fields of its `data` section. */
export function startWith(data: Record<string, number> = {}): RunStart {
  return {
    config: {
      values: { data: { stride: 10, num_workers: 4, ...data } },
      origins: { 'data.stride': 'train.yaml:11' },
    },
    data: { train: 'aa', dev: 'bb' },
    references: ['LE', 'REF'],
    environment,
    now: () => new Date('2025-01-01T00:00:00Z'),
  };
}
