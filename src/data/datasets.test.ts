import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCache, scanSplit } from '../cache/index.ts';
import { configSchema } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { loadCorpus } from './corpus.ts';
import { corpusTask, loadCorpusInThreads, planOf } from './corpus-threads.ts';
import { BalancedSeizureDataset, datasetOf, EEGWindowDataset } from './datasets.ts';
import { epochOrder } from './order.ts';
import { checkDisjoint, openWindows, type WindowSet, windowShapeOf } from './windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-data-'));
const SAMPLE = fileURLToPath(new URL('../../data/sample/chb01', import.meta.url));
let set: WindowSet;
const { data: DATA } = configSchema.parse({});
const BALANCE = DATA.balance;

beforeAll(async () => {
  const { preprocessing } = configSchema.parse({ preprocessing: { montage: 'double-banana' } });
  await buildCache({
    dataDir: SAMPLE,
    cacheDir: folder,
    split: 'train',
    validationSplit: 0,
    seed: 1,
    settings: { ...preprocessing, sampling_rate: 256 },
    limitFiles: null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const { manifest } = await scanSplit(join(folder, 'train'), { length: 1024, stride: 256 });
  set = openWindows(join(folder, 'train'), manifest);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the real clips give the windows that arithmetic says', () => {
  // Windows of 4 s every second. Clips of 50, 37, 50, 61 s: 47 + 34 + 47 + 58. Three with two stretches of 10 s: 6 * 7.
  expect(set.windows).toHaveLength(186 + 42);
  const { composition } = new EEGWindowDataset(set, 1);
  // The seizure starts at 10 s: windows from 7, 8, 9 s hold part of it, in the four contiguous clips only.
  expect(composition).toEqual({
    partial_seizure: 12,
    no_seizure: 4 * 7 + 3 * 7,
    full_seizure: 228 - 12 - 49,
  });
});

test('no window straddles a hole', () => {
  const index = set.recordings.findIndex((name) => name.includes('chb01_18'));
  const starts = set.windows.filter(({ recording }) => recording === index).map(({ start }) => start);
  // Rows 0-2559 and 2560-5119.
  expect(starts).toEqual([0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16].map((second) => second * 256));
});

test('E8: the balanced set is all partial, 0.3 full, 2.5 background, drawn anew each epoch', () => {
  const dataset = new BalancedSeizureDataset(set, 7, BALANCE);
  expect(dataset.composition).toEqual({ partial_seizure: 12, full_seizure: 4, no_seizure: 30 });
  const epochs = [0, 1].map((epoch) => Array.from(dataset.order(epoch)));
  for (const order of epochs) {
    expect(new Set(order).size).toBe(46);
    const categories = order.map((index) => set.windows[index]!.category);
    expect(categories.filter((category) => category === 'partial_seizure')).toHaveLength(12);
    expect(categories.filter((category) => category === 'full_seizure')).toHaveLength(4);
  }
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect(Array.from(new BalancedSeizureDataset(set, 7, BALANCE).order(1))).toEqual(epochs[1]);
});

test('a balanced set without partial windows is an error that says what to do', () => {
  const windows = set.windows.filter(({ category }) => category !== 'partial_seizure');
  expect(() => new BalancedSeizureDataset({ ...set, windows }, 1, BALANCE)).toThrow(
    /^data\.use_balanced_sampling draws .* none of the 216 windows .* 167 are full of it, but data\.balance\.full_ratio \(0\.3\) times none is none: change the ratio of data\.window_size to data\.stride.*use_balanced_sampling to false/,
  );
});

test('one draw for all epochs where it is asked for, in another order each epoch; ratios are the user’s', () => {
  const balance = { full_ratio: 1, background_ratio: 0.5, redraw_each_epoch: false };
  const dataset = new BalancedSeizureDataset(set, 7, balance);
  expect(dataset.composition).toEqual({ partial_seizure: 12, full_seizure: 12, no_seizure: 6 });
  const [first, second] = [0, 1].map((epoch) => Array.from(dataset.order(epoch)));
  expect(second).not.toEqual(first);
  expect(second!.toSorted((a, b) => a - b)).toEqual(first!.toSorted((a, b) => a - b));
  // Five draws of 6 out of 49: all epochs together show more than one does.
  const redrawn = new BalancedSeizureDataset(set, 7, { ...balance, redraw_each_epoch: true });
  const seen = new Set([0, 1, 2, 3, 4].flatMap((epoch) => Array.from(redrawn.order(epoch))));
  const background = [...seen].filter((index) => set.windows[index]!.category === 'no_seizure');
  expect(background.length).toBeGreaterThan(6);
});

test('the plain set stands in only where it is allowed (failures E7)', () => {
  const windows = set.windows.filter(({ category }) => category !== 'partial_seizure');
  const unbalanced = { ...set, windows };
  expect(() => datasetOf(unbalanced, 1, DATA)).toThrow(/none of the 216 windows/);
  const { dataset, isFallback } = datasetOf(unbalanced, 1, { ...DATA, allow_unbalanced_fallback: true });
  expect(isFallback).toBe(true);
  expect(dataset.order(0)).toHaveLength(216);
  expect(datasetOf(set, 1, DATA)).toMatchObject({ isFallback: false });
  expect(datasetOf(set, 1, { ...DATA, use_balanced_sampling: false }).dataset.order(0)).toHaveLength(228);
});

test('the corpus holds each window’s own labels', () => {
  const corpus = loadCorpus(set);
  set.windows.forEach(({ category }, index) => {
    const start = corpus.starts[index]!;
    const seizure = corpus.labels.subarray(start, start + 1024).reduce((sum, label) => sum + label, 0);
    expect(category).toBe(
      seizure === 0 ? 'no_seizure' : seizure >= 0.99 * 1024 ? 'full_seizure' : 'partial_seizure',
    );
  });
});

test('several threads read the same corpus', async () => {
  const { signal, labels, ...rest } = loadCorpus(set);
  const together = await loadCorpusInThreads(set, 3, { leastBytes: 0 });
  expect(Buffer.from(together.signal.buffer).equals(Buffer.from(signal.buffer))).toBe(true);
  expect(Buffer.from(together.labels.buffer).equals(Buffer.from(labels.buffer))).toBe(true);
  expect(together).toMatchObject(rest);
  expect(set.recordings.length).toBeGreaterThan(3);
  const gone = loadCorpusInThreads({ ...set, folder: '/nowhere' }, 3, { leastBytes: 0 });
  await expect(gone).rejects.toThrow(/Cannot read the cache entry \/nowhere\//);
  await expect(gone).rejects.toBeInstanceOf(InputError);
  const recordingRows = set.recordingRows.map((rows) => rows + 1);
  const changed = loadCorpusInThreads({ ...set, recordingRows }, 3, { leastBytes: 0 });
  await expect(changed).rejects.toMatchObject({ code: 'CACHE_CHANGED' });
  // A fault of bgb's own is no fault of the cache.
  const faulty = loadCorpusInThreads({ ...set, folder: 1 as unknown as string }, 3, { leastBytes: 0 });
  await expect(faulty).rejects.toThrow(/must be of type string/);
  await expect(faulty).rejects.not.toBeInstanceOf(InputError);
});

test('a corpus that no memory holds is refused', async () => {
  // 2^50 rows of two channels: 5 PiB, more than there are addresses.
  const large = { ...set, channels: 2, recordings: ['a', 'b'], recordingRows: [2 ** 49, 2 ** 49] };
  const message = /take 5242880\.0 GiB, .* Set data\.residency to disk/;
  expect(() => loadCorpus(large)).toThrow(message);
  await expect(loadCorpusInThreads(large, 2)).rejects.toThrow(message);
});

test('a corpus of more than 4 GiB comes to its threads whole', () => {
  // Memory that nobody writes to takes none.
  const recordingRows = [2 ** 27, 2 ** 26];
  const task = corpusTask({ ...set, channels: 19, recordings: ['a', 'b'], recordingRows });
  const { signal, labels, firstRows } = planOf(structuredClone(task));
  expect(firstRows).toEqual([0, 2 ** 27, 2 ** 27 + 2 ** 26]);
  expect([signal.length, labels.length]).toEqual([19 * firstRows[2]!, firstRows[2]]);
  expect(signal.byteLength).toBeGreaterThan(2 ** 32);
});

test('window and stride are whole samples, whatever binary fractions make of them; others are refused', () => {
  // In binary fractions 112.00000000000001 and 56.99999999999999.
  const data = { ...DATA, sampling_rate: 100, window_size: 1.12, stride: 0.57 };
  expect(windowShapeOf(data)).toEqual({ length: 112, stride: 57 });
  expect(() => windowShapeOf({ ...data, stride: 0.575 })).toThrow(
    /data\.stride is 57\.\d* samples at 100 Hz/,
  );
  expect(() => windowShapeOf({ ...data, stride: 0.001 })).toThrow(/data\.stride is 0\.1 samples/);
});

test('patients on two sides are named', () => {
  expect(() =>
    checkDisjoint({ name: 'train', patients: ['a', 'b'] }, { name: 'dev', patients: ['b'] }),
  ).toThrow(/^b is in both train and dev/);
  checkDisjoint({ name: 'train', patients: ['a'] }, { name: 'dev', patients: ['b'] });
});

test('property: an order is a permutation, another for another seed, epoch or data set', () => {
  const hash = 'deadbeef'.repeat(8);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.nat(1000),
      fc.integer({ min: 20, max: 300 }),
      (seed, epoch, count) => {
        const order = epochOrder(seed, epoch, hash, count);
        expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(epochOrder(seed, epoch, hash, count)).toEqual(order);
        expect(epochOrder(seed, epoch + 1, hash, count)).not.toEqual(order);
        expect(epochOrder(seed, epoch, 'beefdead'.repeat(8), count)).not.toEqual(order);
      },
    ),
  );
});

test('each place is equally likely', () => {
  const places = new Float64Array(10);
  for (let epoch = 0; epoch < 5000; epoch++) places[epochOrder(3, epoch, 'ab'.repeat(32), 10).indexOf(0)]!++;
  // 500 expected, standard deviation 21
  for (const count of places) expect(Math.abs(count - 500)).toBeLessThan(110);
});
