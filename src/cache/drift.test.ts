import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openEdf } from '../edf/index.ts';
import { buildEntry } from './build.ts';
import { Entry } from './entry.ts';
import { TEST_SETTINGS } from './testing/settings.ts';

const SAMPLE = fileURLToPath(new URL('../../data/sample/chb03/chb03_01_clip_edfplusD.edf', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-drift-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sample's twice ten records of 1 s at other times, with one seizure; its entry's labels and segments. */
async function built(name: string, starts: readonly number[], seizure: string) {
  const { headerBytes, recordBytes, signals } = await openEdf(SAMPLE);
  const bytes = readFileSync(SAMPLE);
  const inRecord = signals.length * 512;
  starts.forEach((start, record) => {
    const at = headerBytes + record * recordBytes + inRecord;
    const text = `+${start.toFixed(3)}\x14\x14\0${record === 0 ? `${seizure}\x14seizure\x14\0` : ''}`;
    bytes.fill(0, at, headerBytes + (record + 1) * recordBytes).write(text, at, 'latin1');
  });
  writeFileSync(join(folder, `${name}.edf`), bytes);
  const result = await buildEntry({
    dataDir: folder,
    name: `${name}.edf`,
    entry: `${name}.edf`,
    patient: 'chb01',
    cacheDir: folder,
    settings: TEST_SETTINGS,
  });
  expect(result.outcome).toBe('built');
  using entry = new Entry(join(folder, `${name}.npz`));
  return { seizures: entry.labelRuns.filter(({ label }) => label !== 0), segments: entry.segments };
}

const times = (first: number, step: number) =>
  Array.from({ length: 10 }, (_, record) => first + record * step);

test('a slow clock: a seizure behind the hole is on the samples that were taken then', async () => {
  const { seizures, segments } = await built(
    'chb03_90',
    [...times(0, 1.01), ...times(20, 1.01)],
    '+25.05\x152.02',
  );
  // 5 records after the hole's end, 2 records long.
  expect(seizures).toEqual([{ firstRow: 2560 + 5 * 256, rows: 2 * 256, label: 1 }]);
  expect(segments).toEqual([
    { firstRow: 0, rows: 2560, startSample: 0 },
    { firstRow: 2560, rows: 2560, startSample: 20 * 256 },
  ]);
});

test('a fast clock before a short hole: segments follow each other', async () => {
  const { seizures, segments } = await built(
    'chb03_91',
    [...times(0, 0.99), ...times(9.95, 1)],
    '+0.99\x151.98',
  );
  expect(seizures).toEqual([{ firstRow: 256, rows: 512, label: 1 }]);
  // 9.95 s is sample 2,547, which the ten records of 256 samples have passed.
  expect(segments.map(({ startSample }) => startSample)).toEqual([0, 2560]);
});
