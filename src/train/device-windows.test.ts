import { expect, test } from 'vitest';
import { liveTensors } from '../torch/index.ts';
import { liveAfterCollection } from '../torch/testing/collected.ts';
import { DeviceWindows } from './device-windows.ts';

// Row r of channel c holds 10 r + c.
const corpus = {
  signal: Int16Array.from({ length: 20 }, (_, i) => 10 * Math.floor(i / 2) + (i % 2)),
  labels: Uint8Array.from({ length: 10 }, (_, row) => row % 3),
  channels: 2,
  starts: Float64Array.of(0, 4, 7),
  scales: Float32Array.of(1, 0.5, 2),
  windowLength: 3,
};

test('a batch is the rows of its windows, scaled, with their labels and indices', () => {
  const windows = new DeviceWindows(corpus, 'cpu');
  const batch = windows.batch([2, 1], { factors: Float32Array.of(1, 1, 10, 10), places: null });
  expect(batch.signal.shape).toEqual([2, 3, 2]);
  // Rows 7-9 times 2, rows 4-6 times 0.5 and gain 10.
  expect(batch.signal.toArray()).toEqual([140, 142, 160, 162, 180, 182, 200, 205, 250, 255, 300, 305]);
  expect(batch.labels.toArray()).toEqual([1, 2, 0, 1, 2, 0]);
  expect(batch.samples.toArray()).toEqual([2, 1]);
  expect(windows.count).toBe(3);
});

test('channels are scaled each on its own, then put in other places, window by window', () => {
  const windows = new DeviceWindows(corpus, 'cpu');
  const places = BigInt64Array.of(1n, 0n, 0n, 1n);
  const batch = windows.batch([2, 2], { factors: Float32Array.of(1, -1, 0, 1), places });
  expect(batch.signal.toArray()).toEqual([-142, 140, -162, 160, -182, 180, 0, 142, 0, 162, 0, 182]);
});

test('a batch and the corpus are released', async () => {
  const before = await liveAfterCollection();
  {
    using windows = new DeviceWindows(corpus, 'cpu');
    for (const tensor of Object.values(windows.batch([0]))) tensor.dispose();
  }
  expect(liveTensors()).toBe(before);
});
