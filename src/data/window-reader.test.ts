import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scanSplit, writeEntry } from '../cache/index.ts';
import { testProvenance } from '../cache/testing/provenance.ts';
import { WindowReader } from './window-reader.ts';
import { openWindows, type WindowSet } from './windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-reader-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHANNELS = 3;
const SHAPE = { length: 10, stride: 7 };
const RECORDINGS = 5;
let set: WindowSet;

/** Row r of channel c of recording k holds 1000 k + 10 r + c, its label is r % 2. */
const valueAt = (recording: number, row: number, channel: number) => 1000 * recording + 10 * row + channel;

beforeAll(async () => {
  for (let recording = 0; recording < RECORDINGS; recording++) {
    const rows = 40 + recording;
    await writeEntry(join(folder, `${recording}.npz`), {
      signal: Int16Array.from({ length: rows * CHANNELS }, (_, i) =>
        valueAt(recording, Math.floor(i / CHANNELS), i % CHANNELS),
      ),
      labels: Uint8Array.from({ length: rows }, (_, row) => row % 2),
      segments: [{ firstRow: 0, rows, startSample: 0 }],
      scale: 1,
      provenance: testProvenance({
        key: String(recording),
        channels: ['A', 'B', 'C'],
        patient: `p${recording}`,
        recorded_s: rows / 10,
        seizure_s_by_label: { seiz: 1 },
      }),
    });
  }
  const { manifest } = await scanSplit(folder, SHAPE);
  set = openWindows(folder, manifest);
});

function expectBatch(
  windows: readonly number[],
  { signal, labels }: { signal: Int16Array; labels: Uint8Array },
) {
  const rows = windows.flatMap((window) => {
    const { recording, start } = set.windows[window]!;
    return Array.from({ length: SHAPE.length }, (_, i) => ({ recording, row: start + i }));
  });
  expect([...signal]).toEqual(
    rows.flatMap(({ recording, row }) =>
      Array.from({ length: CHANNELS }, (_, c) => valueAt(recording, row, c)),
    ),
  );
  expect([...labels]).toEqual(rows.map(({ row }) => row % 2));
}

const settings = { workers: 2, prefetch: 2, isPersistent: true, batchSize: 4 };

test('property: batches come in the order of the plan, whole, for any number of threads and any prefetch', () => {
  fc.assert(
    fc.property(
      fc.record({
        workers: fc.integer({ min: 0, max: 3 }),
        prefetch: fc.integer({ min: 1, max: 3 }),
        isPersistent: fc.boolean(),
        plans: fc.array(
          fc.array(fc.array(fc.nat(set.windows.length - 1), { minLength: 1, maxLength: 4 }), {
            maxLength: 9,
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      ({ workers, prefetch, isPersistent, plans }) => {
        using reader = new WindowReader(set, { workers, prefetch, isPersistent, batchSize: 4 });
        for (const plan of plans) {
          reader.plan(plan);
          for (const windows of plan) {
            const batch = reader.next();
            expectBatch(windows, batch);
            batch.release();
          }
          expect(() => reader.next()).toThrow(/Every batch of the plan has been taken/);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('a plan that is given up half way makes room for the next', () => {
  using reader = new WindowReader(set, settings);
  reader.plan([[0], [1], [2], [3], [4], [5], [6]]);
  expectBatch([0], reader.next());
  reader.plan([[9, 8]]);
  expectBatch([9, 8], reader.next());
});

test('without readers a batch that is held keeps its memory, one that was released gives it to the next', () => {
  using reader = new WindowReader(set, { ...settings, workers: 0 });
  const plan = [[0, 1, 2, 3], [4, 5], [3], [2, 0, 1]];
  reader.plan(plan);
  const [first, second] = [reader.next(), reader.next()];
  expectBatch(plan[0]!, first);
  expectBatch(plan[1]!, second);
  second.release();
  const third = reader.next();
  expect(third.signal.buffer).toBe(second.signal.buffer);
  expectBatch(plan[0]!, first);
  expectBatch(plan[2]!, third);
  first.release();
  expectBatch(plan[3]!, reader.next());
  expectBatch(plan[2]!, third);
});

test('D5: an entry that is gone or became shorter is an error that names it, by reader threads as by the caller', async () => {
  const path = join(folder, '3.npz');
  const bytes = readFileSync(path);
  const window = set.windows.findIndex(({ recording }) => recording === 3);
  for (const workers of [0, 2])
    for (const [damage, message] of [
      [
        () => truncateSync(path, set.places![3]!.signalAt + 16),
        /3\.npz became shorter: expected 60 bytes at byte \d+, found/,
      ],
      [() => rmSync(path), /Cannot read the cache entry .*3\.npz: ENOENT/],
    ] as const) {
      damage();
      using reader = new WindowReader(set, { ...settings, workers });
      reader.plan([[0], [window]]);
      reader.next().release();
      expect(() => reader.next()).toThrow(
        expect.objectContaining({ code: 'CACHE_READ', message: expect.stringMatching(message) }),
      );
      writeFileSync(path, bytes);
    }
});
