import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readManifest } from './manifest.ts';
import { scanSplit } from './scan.ts';
import { windowStarts } from './survey.ts';
import { writeTestEntry } from './testing/entry.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-manifest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (path: string, labels: string, more?: { key?: string; patient?: string }) =>
  writeTestEntry(join(folder, path), labels, more);

const SHAPE = { length: 10, stride: 5 };

test('windows by their share of seizure among what is not excluded; gaps and tails hold none', async () => {
  // Rows 0-9 background, 5-14 half, 10-19 all seizure, 15-24 half, 20-29 all excluded.
  await entry('kinds/a.npz', `${'0'.repeat(10)}${'1'.repeat(10)}${'2'.repeat(10)}`);
  // Segments of 12, 9 and 10 rows: windows at 0 and 21; the second is too short, the first's tail of 2 is left.
  await entry('kinds/b.npz', `${'0'.repeat(12)} ${'1'.repeat(9)} ${'1'.repeat(9)}0`, { patient: 'p2' });
  const { manifest, path } = await scanSplit(join(folder, 'kinds'), SHAPE);
  expect(manifest).toMatchObject({
    recordings: 2,
    patients: ['p1', 'p2'],
    seizures: 2,
    seizure_seconds: expect.closeTo(2.8, 12),
    labels: { seiz: expect.closeTo(2.8, 12) },
    counts: { partial_seizure: 2, full_seizure: 2, no_seizure: 2 },
    no_seizure: [
      { cache_file: 'a.npz', window_idx: 0 },
      { cache_file: 'b.npz', window_idx: 0 },
    ],
    // 15-24: the five samples that count are all seizure.
    full_seizure: [
      { cache_file: 'a.npz', window_idx: 2 },
      { cache_file: 'a.npz', window_idx: 3 },
    ],
    partial_seizure: [
      { cache_file: 'a.npz', window_idx: 1 },
      { cache_file: 'b.npz', window_idx: 1 },
    ],
  });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(manifest);
});

test('99 of 100 samples is full, 98 is partial', async () => {
  await entry('share/a.npz', `${'1'.repeat(99)}0${'1'.repeat(98)}00`);
  const { manifest } = await scanSplit(join(folder, 'share'), { length: 100, stride: 100 });
  expect(manifest.full_seizure).toEqual([{ cache_file: 'a.npz', window_idx: 0 }]);
  expect(manifest.partial_seizure).toEqual([{ cache_file: 'a.npz', window_idx: 1 }]);
});

test('window starts lie inside their segment, a stride apart, and no further one fits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 15 }),
      fc.integer({ min: 1, max: 15 }),
      (lengths, length, stride) => {
        let firstRow = 0;
        const segments = lengths.map((rows) => {
          firstRow += rows;
          return { firstRow: firstRow - rows, rows };
        });
        const expected: number[] = [];
        for (const segment of segments)
          for (let start = 0; start + length <= segment.rows; start += stride)
            expected.push(segment.firstRow + start);
        expect(windowStarts(segments, { length, stride })).toEqual(expected);
      },
    ),
  );
});

test('a valid manifest is left to the byte; other entries or windows are noticed (failures D2)', async () => {
  const split = join(folder, 'kept');
  await entry('kept/a.npz', '0000011111');
  const { path } = await scanSplit(split, SHAPE);
  const { mtimeMs } = statSync(path);
  expect(await scanSplit(split, SHAPE, { isCheck: true })).toMatchObject({ isUnchanged: true });
  expect(await scanSplit(split, SHAPE)).toMatchObject({ isUnchanged: true });
  expect(statSync(path).mtimeMs).toBe(mtimeMs);

  await entry('kept/a.npz', '0000011111', { key: 'other settings' });
  await expect(scanSplit(split, SHAPE, { isCheck: true })).rejects.toThrow(/Run bgb scan-cache/);
  expect(statSync(path).mtimeMs).toBe(mtimeMs);
  await expect(readManifest(split, { length: 8, stride: 5 })).rejects.toThrow(
    /is of windows of 10 samples every 5, the configuration asks for 8 every 5/,
  );
});

test('no entries, no window and no seizure are refused and write nothing (failures D1)', async () => {
  const refused = async (name: string, pattern: RegExp) => {
    await expect(scanSplit(join(folder, name), SHAPE)).rejects.toThrow(pattern);
    expect(existsSync(join(folder, name, 'manifest.json'))).toBe(false);
  };
  await refused('nowhere', /nowhere holds no cache entries/);
  await entry('short/a.npz', '11111');
  await refused('short', /None of the 1 entries .* is as long as a window/);
  await entry('unlabelled/a.npz', '2'.repeat(30));
  await refused('unlabelled', /All 5 windows of the 1 entries .* are excluded: they have no labels/);
  await entry('quiet/a.npz', '0'.repeat(30));
  await refused('quiet', /No window .* holds a seizure: 1 recordings, 5 windows .* 0\.0 s of seizure/);
});

test('a damaged manifest is named with what is wrong in it, whatever the damage', async () => {
  await entry('damaged/a.npz', '0000011111');
  const { path } = await scanSplit(join(folder, 'damaged'), SHAPE);
  const bytes = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, value, isCut) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = value;
      writeFileSync(path, isCut ? damaged.subarray(0, at) : damaged);
      try {
        await readManifest(join(folder, 'damaged'), SHAPE);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).message).toContain(path);
      }
    }),
    { numRuns: 300 },
  );
});
