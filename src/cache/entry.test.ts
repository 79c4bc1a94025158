import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { Entry } from './entry.ts';
import { testProvenance } from './testing/provenance.ts';
import { type EntryContent, labelRuns, writeEntry } from './write-entry.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT: EntryContent = {
  signal: Int16Array.from({ length: 30 }, (_, i) => 100 * i - 1500),
  labels: Uint8Array.from([0, 0, 1, 1, 2, 0, 1, 0, 0, 1]),
  segments: [
    { firstRow: 0, rows: 4, startSample: 0 },
    { firstRow: 4, rows: 6, startSample: 100 },
  ],
  scale: 0.25,
  provenance: testProvenance({
    preprocessing: { montage: '10-20' },
    channels: ['A', 'B', 'C'],
    sampling_rate: 256,
    patient: 'p',
    recorded_s: 10 / 256,
    seizures: 2,
    seizure_s_by_label: { seiz: 0.01 },
  }),
};

test('what is written is read, whole or in part', async () => {
  const path = join(folder, 'a.npz');
  await writeEntry(path, CONTENT);
  using entry = new Entry(path);
  expect(entry).toMatchObject({
    rows: 10,
    channels: 3,
    scale: 0.25,
    segments: CONTENT.segments,
    provenance: CONTENT.provenance,
  });
  const rows = new Int16Array(6);
  entry.readSignal(5, 2, rows);
  expect([...rows]).toEqual([...CONTENT.signal.subarray(15, 21)]);
  const labels = new Uint8Array(4);
  entry.readLabels(3, labels);
  expect([...labels]).toEqual([1, 2, 0, 1]);
});

test('arrays begin at multiples of 4096, uncompressed, with their checksums (APPNOTE 4.3.7)', async () => {
  const path = join(folder, 'b.npz');
  const rows = 5000;
  await writeEntry(path, {
    ...CONTENT,
    signal: Int16Array.from({ length: 3 * rows }, (_, i) => i - 1500),
    labels: new Uint8Array(rows),
    segments: [{ firstRow: 0, rows, startSample: 0 }],
  });
  const bytes = readFileSync(path);
  const starts = new Map<string, number>();
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50; ) {
    const size = bytes.readUInt32LE(at + 18);
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    starts.set(bytes.toString('latin1', at + 30, at + 30 + bytes.readUInt16LE(at + 26)), start);
    expect(start % 64).toBe(0);
    expect(bytes.readUInt16LE(at + 8)).toBe(0);
    expect(bytes.readUInt32LE(at + 14)).toBe(crc32(bytes.subarray(start, start + size)));
    at = start + size;
  }
  expect([...starts.keys()]).toEqual([
    'signal.npy',
    'labels.npy',
    'label_runs.npy',
    'segments.npy',
    'scale.npy',
    'provenance.json',
  ]);
  for (const name of ['signal.npy', 'labels.npy']) expect(starts.get(name)! % 4096).toBe(0);
  // NEP 1: magic, version 1.0, a header that ends the array's start at a multiple of 64.
  const signal = bytes.subarray(starts.get('signal.npy'));
  expect(signal.toString('latin1', 0, 8)).toBe('\x93NUMPY\x01\x00');
  expect((10 + signal.readUInt16LE(8)) % 64).toBe(0);
  expect(signal.toString('latin1', 10, 80)).toContain(
    "{'descr': '<i2', 'fortran_order': False, 'shape': (5000, 3), }",
  );
  expect(signal.readInt16LE(10 + signal.readUInt16LE(8))).toBe(-1500);
});

test('D6: an entry without labels, or with labels of another length, is refused', async () => {
  const path = join(folder, 'unlabelled.npz');
  await writeEntry(path, CONTENT);
  const bytes = readFileSync(path);
  for (const [from, to, message] of [
    ['labels.npy', 'tables.npy', /it has no labels\.npy/],
    [
      "'shape': (10,), }",
      "'shape': (11,), }",
      /labels\.npy is \|u1 \(11\) in 138 bytes, expected \|u1 in 139/,
    ],
  ] as const) {
    writeFileSync(path, bytes.toString('latin1').replaceAll(from, to), 'latin1');
    expect(() => new Entry(path)).toThrow(message);
  }
});

test('the same content gives the same bytes', async () => {
  await writeEntry(join(folder, 'c.npz'), CONTENT);
  await writeEntry(join(folder, 'd.npz'), CONTENT);
  expect(readFileSync(join(folder, 'c.npz'))).toEqual(readFileSync(join(folder, 'd.npz')));
});

test('cut off anywhere, an entry is refused by name', async () => {
  const path = join(folder, 'cut.npz');
  await writeEntry(path, CONTENT);
  const bytes = readFileSync(path);
  for (let length = 0; length < bytes.length; length += 97) {
    writeFileSync(path, bytes.subarray(0, length));
    expect(() => new Entry(path)).toThrow(/cut\.npz: expected the end of a \.npz/);
  }
  expect(() => new Entry(join(folder, 'none.npz'))).toThrow(/Cannot read the cache entry .*none\.npz/);
});

test('labels as stretches are the labels', async () => {
  expect(labelRuns(CONTENT.labels)).toEqual([
    { firstRow: 0, rows: 2, label: 0 },
    { firstRow: 2, rows: 2, label: 1 },
    { firstRow: 4, rows: 1, label: 2 },
    { firstRow: 5, rows: 1, label: 0 },
    { firstRow: 6, rows: 1, label: 1 },
    { firstRow: 7, rows: 2, label: 0 },
    { firstRow: 9, rows: 1, label: 1 },
  ]);
  fc.assert(
    fc.property(fc.uint8Array({ max: 2, maxLength: 60 }), (labels) => {
      const back = labelRuns(labels).flatMap(({ rows, label }) => Array.from({ length: rows }, () => label));
      expect(back).toEqual([...labels]);
    }),
  );
  const path = join(folder, 'runs.npz');
  await writeEntry(path, CONTENT);
  using entry = new Entry(path);
  expect(entry.labelRuns).toEqual(labelRuns(CONTENT.labels));
});

test('one bit changed in signal or labels is found when the whole is read', async () => {
  const path = join(folder, 'bit.npz');
  await writeEntry(path, CONTENT);
  const bytes = readFileSync(path);
  const readAll = () => {
    using entry = new Entry(path);
    entry.readAll(new Int16Array(30), new Uint8Array(10));
  };
  readAll();
  for (const [name, size] of [
    ['signal.npy', 60],
    ['labels.npy', 10],
  ] as const) {
    const local = bytes.indexOf(name);
    const data = Math.ceil((local + name.length + 4) / 64) * 64 + 128;
    for (let at = data; at < data + size; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(path, damaged);
      expect(readAll).toThrow(`the checksum of ${name} is wrong`);
    }
  }
});

test('D6: labels that mean nothing, or in two ways, are refused with right checksums, too', async () => {
  const path = join(folder, 'meaning.npz');
  const opened = async (content: Partial<EntryContent>) => {
    await writeEntry(path, { ...CONTENT, ...content });
    return new Entry(path);
  };
  await expect(opened({ labels: CONTENT.labels.with(4, 7) })).rejects.toThrow(
    /label_runs\.npy has the label 7/,
  );
  await expect(opened({ segments: [] })).rejects.toThrow(/segments\.npy is empty/);
  await writeEntry(path, CONTENT);
  const bytes = readFileSync(path);
  const local = bytes.indexOf('labels.npy') - 30;
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const labels = bytes.subarray(start, start + bytes.readUInt32LE(local + 18));
  const [old, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  old.writeUInt32LE(crc32(labels));
  // Row 2 is seizure.
  expect(labels.at(-8)).toBe(1);
  labels[labels.length - 8] = 0;
  checksum.writeUInt32LE(crc32(labels));
  const crafted = bytes.toString('latin1').replaceAll(old.toString('latin1'), checksum.toString('latin1'));
  writeFileSync(path, crafted, 'latin1');
  using entry = new Entry(path);
  expect(() => entry.readAll(new Int16Array(30), new Uint8Array(10))).toThrow(
    /row 2 is 0 in labels\.npy and 1 in label_runs\.npy/,
  );
});

test('fuzz: damaged bytes are refused with an InputError or leave a readable entry', async () => {
  const path = join(folder, 'fuzz.npz');
  await writeEntry(path, CONTENT);
  const bytes = readFileSync(path);
  // Headers, directory and small members; the padding between them is nobody's.
  const places = Array.from({ length: bytes.length }, (_, i) => i).filter(
    (i) => bytes[i] !== 0 || i > bytes.length - 700,
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...places), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        writeFileSync(path, damaged);
        try {
          using entry = new Entry(path);
          entry.readSignal(0, entry.rows, new Int16Array(entry.rows * entry.channels));
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      },
    ),
    { numRuns: 400 },
  );
});
