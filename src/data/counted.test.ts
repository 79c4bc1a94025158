/** What is known before a window is read, and how much is read for one (failures D7, D9, E1). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Entry, scanSplit, writeEntry } from '../cache/index.ts';
import { testProvenance } from '../cache/testing/provenance.ts';
import { configSchema } from '../config/index.ts';
import { loadCorpus } from './corpus.ts';
import { BalancedSeizureDataset } from './datasets.ts';
import { WindowReader } from './window-reader.ts';
import { openWindows } from './windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-counted-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { balance } = configSchema.parse({}).data;
const CHANNELS = 4;

async function write(name: string, labels: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeEntry(path, {
    signal: new Int16Array(labels.length * CHANNELS),
    labels,
    segments: [{ firstRow: 0, rows: labels.length, startSample: 0 }],
    scale: 1,
    provenance: testProvenance({
      key: name,
      channels: ['A', 'B', 'C', 'D'],
      sampling_rate: 256,
      patient: 'p',
      recorded_s: labels.length / 256,
      seizure_s_by_label: { seiz: 1 },
    }),
  });
  return path;
}

test('E1, D7: one seizure among 20,000 windows is counted, and no window is read for that', async () => {
  const rows = 20_000 * 256;
  const path = await write(
    'rare/a.npz',
    new Uint8Array(rows).fill(1, 12_345 * 256 + 100, 12_345 * 256 + 200),
  );
  await scanSplit(join(folder, 'rare'), { length: 256, stride: 256 });
  // Whoever read a sample or a label from here on would find the checksum wrong.
  const places = { signal: 0, labels: 0 };
  {
    using entry = new Entry(path);
    Object.assign(places, { signal: entry.signalAt, labels: entry.labelsAt });
  }
  const bytes = readFileSync(path);
  bytes.fill(7, places.signal, places.signal + 2 * rows * CHANNELS);
  bytes.fill(0, places.labels, places.labels + rows);
  writeFileSync(path, bytes);

  const { manifest } = await scanSplit(join(folder, 'rare'), { length: 256, stride: 256 });
  const set = openWindows(join(folder, 'rare'), manifest);
  const dataset = new BalancedSeizureDataset(set, 1, balance);
  // 2.5 background windows for one, rounded.
  expect(dataset.composition).toEqual({ partial_seizure: 1, full_seizure: 0, no_seizure: 3 });
  expect(dataset.order(0)).toHaveLength(4);
  expect(Array.from(dataset.order(0))).toContain(
    set.windows.findIndex(({ start }) => start === 12_345 * 256),
  );
  expect(() => loadCorpus(set)).toThrow(/the checksum of signal\.npy is wrong/);
});

test('D9: for windows, hardly a byte more is read than is used', async () => {
  await write('read/a.npz', new Uint8Array(60_000).fill(1, 30_000, 40_000));
  const { manifest } = await scanSplit(join(folder, 'read'), { length: 2560, stride: 512 });
  const set = openWindows(join(folder, 'read'), manifest);
  using reader = new WindowReader(set, { workers: 0, prefetch: 1, isPersistent: false, batchSize: 10 });
  // Bytes that this process took by read calls, from whatever cache (proc(5)).
  const readSoFar = () => Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
  const batches = Array.from({ length: 100 }, (_, batch) =>
    Array.from({ length: 10 }, (_, at) => (37 * batch + 11 * at) % set.windows.length),
  );
  reader.plan(batches);
  const before = readSoFar();
  let used = 0;
  for (const _ of batches) {
    const { signal, labels } = reader.next();
    used += signal.byteLength + labels.byteLength;
  }
  expect(used).toBe(1000 * 2560 * (2 * CHANNELS + 1));
  expect((readSoFar() - before) / used).toBeLessThan(1.1);
});
