import type { DataRecord } from '../data-record.ts';
import type { Environment } from '../environment.ts';
import type { RunStart } from '../run-folder.ts';

export const environment: Environment = {
  bgb: '0.1.0',
  code: { commit: '0123456789abcdef0123456789abcdef01234567', is_dirty: true },
  code_sha256: 'c0de',
  lock_file: null,
  node: 'v24.0.0',
  libtorch: null,
  cuda: null,
  gpus: [],
  device: 'cpu',
  threads: 2,
  processes: 1,
  platform: 'linux x64',
  is_wsl: false,
  cpu: 'some processor',
  usable_cores: 2,
  cpu_limit_cores: 1.5,
  memory_bytes: 1e9,
  memory_limit_bytes: null,
  mounts: {
    cache: { mount_point: '/', file_system: 'ext4', kind: 'local' },
    output: { mount_point: '/mnt/c', file_system: '9p', kind: 'windows' },
  },
  variables: { BGB_LIMIT_FILES: '50' },
};

const counts = { partial_seizure: 1, full_seizure: 0, no_seizure: 2 };

/** A split of one recording. */
const split = (data_hash: string) => ({
  data_hash,
  manifest_sha256: `manifest of ${data_hash}`,
  window: 1024,
  stride: 512,
  recordings: 1,
  patients: 1,
  recorded_s: 10,
  seizures: 1,
  seizure_s: 3,
  manifest: counts,
  used: counts,
  listed: 3,
  found: 3,
});

const recording = {
  name: 'a/b.npz',
  patient: 'a',
  recording: '01',
  annotations: '02',
  preprocessing: '03',
  signal: 4,
  labels: '05',
  recorded_s: 10,
  seizures: 1,
  ...counts,
};

export const record: DataRecord = {
  splits: { train: split('aa'), dev: split('bb') },
  epoch: { ...counts, is_balanced: false, is_unbalanced_fallback: false },
  plan: {
    name: 'a-run',
    epochs: 2,
    steps_per_epoch: 5,
    windows_per_step: 8,
    metric: { name: 'auroc', mode: 'max' },
  },
  recordings: { train: [recording], dev: [] },
};

/** What a run is started with, with other values for some fields of its `data` section. */
export function startWith(data: Record<string, number> = {}): RunStart {
  return {
    config: {
      values: { data: { stride: 10, num_workers: 4, ...data } },
      origins: { 'data.stride': 'train.yaml:11' },
    },
    data: { train: 'aa', dev: 'bb' },
    record,
    references: ['LE', 'REF'],
    environment,
    now: () => new Date('2025-01-01T00:00:00Z'),
  };
}
