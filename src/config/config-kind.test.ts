import { describe, expect, test } from 'vitest';
import { isLocalAbsolute, isOnCloudMount, kindOfConfig, pathsOf } from './config-kind.ts';
import { resolveConfig } from './load.ts';

const config = (values: object) => resolveConfig(JSON.stringify(values), 'a.yaml').config;
const local = config({ experiment: { output_dir: 'results/a' } });
const cloud = config({ experiment: { output_dir: '/results/a' } });

describe('what a configuration is for', () => {
  test.each([
    ['configs/local/train.yaml', local, 'local'],
    ['configs/modal/train.yaml', local, 'cloud'],
    // Named for this machine, it is for this machine, wherever it writes.
    ['configs/local/train.yaml', cloud, 'local'],
    ['/home/ann/cloud/bgb/configs/local/train.yaml', local, 'local'],
    ['configs/constructor/train.yaml', local, 'local'],
    ['train.yaml', cloud, 'cloud'],
    [null, cloud, 'cloud'],
    [null, local, 'local'],
  ] as const)('%s', (path, values, expected) => {
    expect(kindOfConfig(path, values)).toBe(expected);
  });

  test('a folder of recordings on this machine does not make a cloud run one of this machine', () => {
    const values = config({ data: { data_dir: '/mnt/d/eeg' }, experiment: { output_dir: '/results/a' } });
    expect(kindOfConfig('a.yaml', values)).toBe('cloud');
  });
});

test('a mount of the cloud is known by whole names, and the copy of a cache by its own', () => {
  for (const path of ['/results', '/results/a', '/data/../results/a', '/tmp/bgb-cache'])
    expect(isOnCloudMount(path), path).toBe(true);
  for (const path of ['/resultsets/a', '/results/../home', 'results/a', '/tmp/cache'])
    expect(isOnCloudMount(path), path).toBe(false);
  for (const path of ['/home/ann/eeg', '~/eeg', 'C:\\eeg', '\\\\server\\eeg'])
    expect(isLocalAbsolute(path), path).toBe(true);
  for (const path of ['/data/eeg', 'eeg', './eeg']) expect(isLocalAbsolute(path), path).toBe(false);
});

test('every path of a configuration with its field', () => {
  const values = config({
    data: { data_dir: ['/data/a', '/data/b'], cache_dir: 'c' },
    experiment: { output_dir: 'r' },
  });
  expect(pathsOf(values)).toEqual([
    ['data.data_dir', '/data/a'],
    ['data.data_dir', '/data/b'],
    ['data.cache_dir', 'c'],
    ['experiment.output_dir', 'r'],
  ]);
});
