/** NumPy's archives read by bgb, bgb's entries read by NumPy. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openEntry } from './open-entry.ts';
import { writeTestEntry } from './testing/entry.ts';

// Written by scripts/reference/numpy_caches.py: 4 windows of 20 rows every 10, of 50 rows and 2 channels.
const FIXTURES = fileURLToPath(new URL('./fixtures/numpy', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-numpy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const names = readdirSync(FIXTURES);

test('there is a fixture for each way in which NumPy writes', () => {
  const kinds = ['stored', 'compressed'].flatMap((storage) =>
    ['float32', 'float64'].flatMap((type) =>
      ['C', 'F'].flatMap((order) =>
        ['labelled', 'unlabelled'].map((labels) => `${storage}-${type}-${order}-${labels}.npz`),
      ),
    ),
  );
  expect(names.toSorted()).toEqual(kinds.toSorted());
});

test.each(names)('NumPy -> bgb: %s', (name) => {
  using entry = openEntry(FIXTURES, name);
  expect(entry).toMatchObject({
    rows: 50,
    channels: 2,
    segments: [{ firstRow: 0, rows: 50, startSample: 0 }],
  });
  const [signal, labels] = [new Int16Array(100), new Uint8Array(50)];
  entry.readAll(signal, labels);
  // The largest value, 149.125, becomes the largest int16.
  expect(entry.scale).toBeCloseTo(149.125 / 32767, 9);
  signal.forEach((value, i) => {
    expect(Math.abs(value * entry.scale - (Math.floor(i / 2) + 100 * (i % 2) + 0.125))).toBeLessThan(
      entry.scale,
    );
  });
  // Seizure in rows 9 to 33; without labels everything is excluded (failures D6).
  expect([...labels]).toEqual(
    Array.from({ length: 50 }, (_, row) => (name.includes('unlabelled') ? 2 : row >= 9 && row < 34 ? 1 : 0)),
  );
});

const READER = `
import json, sys, zipfile
import numpy as np
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
with np.load(sys.argv[1], allow_pickle=False) as entry:
    arrays = {name: entry[name] for name in entry.files if name != "provenance.json"}
    provenance = json.loads(entry["provenance.json"])
print(json.dumps({
    "arrays": {name: [str(a.dtype), list(a.shape), a.tolist()] for name, a in arrays.items()},
    "channels": provenance["channels"],
}))
`;

/** A Python with NumPy, where there is one. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import numpy']).status === 0,
);

// Without NumPy, entry.test.ts still holds the same bytes against the formats' own definitions.
test.skipIf(python === undefined)(
  'bgb -> NumPy: every member of an entry, with its type, shape and values',
  async () => {
    const path = join(folder, 'ours.npz');
    await writeTestEntry(path, '0011 2210');
    const { status, stdout, stderr } = spawnSync(python!, ['-c', READER, path], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      arrays: {
        signal: ['int16', [8, 1], Array.from({ length: 8 }, () => [0])],
        labels: ['uint8', [8], [0, 0, 1, 1, 2, 2, 1, 0]],
        label_runs: [
          'int64',
          [5, 2],
          [
            [0, 0],
            [2, 1],
            [4, 2],
            [6, 1],
            [7, 0],
          ],
        ],
        segments: [
          'int64',
          [2, 2],
          [
            [0, 0],
            [4, 4],
          ],
        ],
        scale: ['float32', [1], [1]],
      },
      channels: ['A'],
    });
  },
);
