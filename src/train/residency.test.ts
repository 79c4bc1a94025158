import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scanSplit } from '../cache/index.ts';
import { configSchema } from '../config/index.ts';
import { EEGWindowDataset, openWindows, type WindowSet } from '../data/index.ts';
import { drawAugmentation, mirrorFrom } from './augmentation.ts';
import { corpusBytes, placeWindows, readingThreads, residencyOf } from './residency.ts';
import { buildSampleCache } from './testing/sample-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-residency-'));
afterAll(() => rmSync(folder, { recursive: true }));
let set: WindowSet;

beforeAll(async () => {
  await buildSampleCache(folder);
  const { manifest } = await scanSplit(join(folder, 'train'), { length: 512, stride: 256 });
  set = openWindows(join(folder, 'train'), manifest);
});

const GIB = 2 ** 30;
const config = (data: object, resources: object = {}) =>
  configSchema.parse({ data, resources, training: { batch_size: 3 } });

test('auto takes the GPU, else memory, else disk: where the samples fill no more than half', () => {
  const place = (bytes: number, host: number, device: number | null, resources = {}) =>
    residencyOf(config({}, resources), bytes * GIB, {
      host: host * GIB,
      device: device === null ? null : device * GIB,
    }).residency;
  // TUSZ's training split has about 32 GiB.
  expect(place(32, 512, 140)).toBe('device');
  expect(place(32, 512, 40)).toBe('host');
  expect(place(32, 48, 40)).toBe('disk');
  expect(place(8, 24, null)).toBe('device');
  expect(place(16, 24, null)).toBe('disk');
  expect(place(32, 512, 40, { max_memory_gb: 48 })).toBe('disk');
  // Read into memory first.
  expect(place(32, 31, 140)).toBe('disk');
});

test('a choice that cannot hold the samples is refused, any other is taken', () => {
  const memory = { host: 24 * GIB, device: 10 * GIB };
  expect(residencyOf(config({ residency: 'disk' }), 99 * GIB, memory).residency).toBe('disk');
  expect(residencyOf(config({ residency: 'host' }), 20 * GIB, memory).residency).toBe('host');
  expect(() => residencyOf(config({ residency: 'device' }), 20 * GIB, memory)).toThrow(
    /residency is device, but the windows' recordings have 20\.0 GiB and 10\.0 GiB are there/,
  );
  const large = { host: 10 * GIB, device: 140 * GIB };
  expect(() => residencyOf(config({ residency: 'device' }), 20 * GIB, large)).toThrow(/10\.0 GiB are there/);
});

test('memory and disk give the same batches, changed in the same way, for any number of readers', async () => {
  const order = Array.from(new EEGWindowDataset(set, 3).order(0)).slice(0, 20);
  const batches = Array.from({ length: 7 }, (_, i) => order.slice(3 * i, 3 * i + 3));
  // The data sets are CHB-MIT's, in double-banana.
  const { training, experiment, preprocessing } = configSchema.parse({
    training: {
      augmentation: { gain: [0.5, 2], channel_dropout: 0.2, left_right_flip: true, polarity: true },
    },
    preprocessing: { montage: 'double-banana' },
  });
  const mirror = mirrorFrom({ training, preprocessing });
  const augmentationOf = (windows: readonly number[]) =>
    drawAugmentation(training.augmentation, {
      seed: experiment.seed,
      epoch: 1,
      windows,
      channels: set.channels,
      mirror,
    });
  const all = async (data: object) => {
    using windows = (await placeWindows(config(data), set, 'cpu', { host: 24 * GIB, device: null })).windows;
    windows.plan(batches);
    return batches.map((indices) => {
      const { signal, labels, samples } = windows.batch(indices, augmentationOf(indices));
      return [signal, labels, samples].map((tensor) => [tensor.shape, tensor.toArray()]);
    });
  };
  const memory = await all({ residency: 'device' });
  expect(memory[0]![0]![0]).toEqual([3, 512, set.channels]);
  expect(await all({ residency: 'host' })).toEqual(memory);
  for (const num_workers of [0, 1, 3])
    expect(
      await all({ residency: 'disk', num_workers, prefetch_factor: 2, persistent_workers: true }),
    ).toEqual(memory);
});

test('processes that read at once share the cores', () => {
  expect(readingThreads(128, 1)).toBe(8);
  expect(readingThreads(16, 4)).toBe(4);
  expect(readingThreads(2, 8)).toBe(1);
});

test('a corpus is its int16 samples and a byte of label a row', () => {
  expect(corpusBytes({ recordingRows: [400, 600], channels: 19 })).toBe(39_000);
});
