import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { npyHeader } from '../files/index.ts';
import { ForeignEntry, foreignContent } from './foreign-entry.ts';
import { readForeign } from './foreign-npz.ts';
import { openEntry } from './open-entry.ts';
import { writeTestEntry } from './testing/entry.ts';

// Written by NumPy 1.24 with make-foreign.py: 7 windows of 40 rows every 10, of 100 rows and 3 channels.
const FIXTURES = fileURLToPath(new URL('./fixtures', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-foreign-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sampleAt = (row: number, channel: number) => Math.sin(row + channel) + channel;
const isSeizure = (row: number) => (row >= 35 && row < 62 ? 1 : 0);

test.each([
  ['stored-f4.npz', 1e-7],
  ['compressed-f4.npz', 1e-7],
  ['compressed-f8-fortran.npz', 1e-7],
  ['f2.npz', 2e-3],
])('%s: what NumPy wrote is read, in any order and type of elements', (name, tolerance) => {
  const { windows, shape, labels } = readForeign(join(FIXTURES, name));
  expect(shape).toEqual([7, 3, 40]);
  for (let window = 0; window < 7; window++)
    for (let sample = 0; sample < 40; sample++) {
      const row = 10 * window + sample;
      for (let channel = 0; channel < 3; channel++) {
        const value = windows[(window * 3 + channel) * 40 + sample]!;
        expect(Math.abs(value - sampleAt(row, channel))).toBeLessThan(3 * tolerance);
      }
      expect(labels![window * 40 + sample]).toBe(isSeizure(row));
    }
});

test('overlapping windows become the recording again, each sample once', () => {
  const { signal, labels, segments, scale, provenance } = foreignContent(FIXTURES, 'compressed-f4.npz');
  expect(segments).toEqual([{ firstRow: 0, rows: 100, startSample: 0 }]);
  expect(labels).toEqual(Uint8Array.from({ length: 100 }, (_, row) => isSeizure(row)));
  // int16 of the largest value, about 3.
  expect(scale).toBeCloseTo(3 / 32767, 7);
  signal.forEach((value, i) => {
    expect(Math.abs(value * scale - sampleAt(Math.floor(i / 3), i % 3))).toBeLessThan(scale);
  });
  expect(provenance).toMatchObject({ channels: ['channel 1', 'channel 2', 'channel 3'], seizures: 1 });
  expect(provenance.seizure_s_by_label.seiz).toBeCloseTo(27 / 256, 12);
  expect(provenance.notices.join(' ')).toMatch(/every 10 samples and were joined to 1 stretches/);
});

test('windows that do not overlap are stretches; a label a window covers it; no label excludes all (failures D6)', () => {
  expect(foreignContent(FIXTURES, 'apart.npz').segments).toEqual([
    { firstRow: 0, rows: 40, startSample: 0 },
    { firstRow: 40, rows: 40, startSample: 40 },
  ]);
  // Windows 2, 3 and 4 (rows 20-79) are seizure for more than half, so labels disagree where they overlap others.
  const { labels, segments } = foreignContent(FIXTURES, 'per-window.npz');
  expect(segments).toHaveLength(3);
  expect([...labels].filter((label) => label === 1)).toHaveLength(60);
  const unlabelled = foreignContent(FIXTURES, 'unlabelled.npz');
  expect(new Set(unlabelled.labels)).toEqual(new Set([2]));
  expect(unlabelled.provenance.notices.join(' ')).toMatch(/unlabelled is not seizure-free/);
});

test('an entry is opened for what it is', async () => {
  await writeTestEntry(join(folder, 'ours.npz'), '0011');
  cpSync(join(FIXTURES, 'stored-f4.npz'), join(folder, 'chb02_theirs.npz'));
  writeFileSync(join(folder, 'none.npz'), 'no archive');
  using ours = openEntry(folder, 'ours.npz');
  expect(ours.signalAt).toBeGreaterThan(0);
  using theirs = openEntry(folder, 'chb02_theirs.npz');
  expect(theirs).toBeInstanceOf(ForeignEntry);
  expect(theirs.provenance.patient).toBe('chb02');
  const [signal, labels] = [new Int16Array(300), new Uint8Array(100)];
  theirs.readAll(signal, labels);
  expect(labels.reduce((sum, label) => sum + label, 0)).toBe(27);
  expect(() => openEntry(folder, 'none.npz')).toThrow(/none\.npz/);
  // 3 GiB of nothing, more than Node reads at once.
  truncateSync(join(folder, 'none.npz'), 3 * 2 ** 30);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => openEntry(folder, 'none.npz')).toThrow(
    expect.objectContaining({ code: 'CACHE_NPZ', message: expect.stringMatching(/none\.npz/) }),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});

test('objects, other shapes, and sizes that are lies are refused by name', () => {
  const refused = (name: string, pattern: RegExp) =>
    expect(() => readForeign(name)).toThrow(
      expect.objectContaining({ code: 'CACHE_FOREIGN', message: expect.stringMatching(pattern) }),
    );
  refused(
    join(FIXTURES, 'objects.npz'),
    /objects\.npz cannot be used: windows\.npy holds elements of type \|O/,
  );
  refused(join(FIXTURES, 'flat.npz'), /windows has the shape \(3, 40\)/);
  const lying = (edit: (bytes: Buffer, directory: number) => void) => {
    const bytes = Buffer.from(readFileSync(join(FIXTURES, 'compressed-f4.npz')));
    edit(bytes, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])));
    writeFileSync(join(folder, 'lying.npz'), bytes);
    return join(folder, 'lying.npz');
  };
  // Uncompressed size in the directory.
  refused(
    lying((bytes, directory) => bytes.writeUInt32LE(0xf000_0000, directory + 24)),
    /lies about its size: 1271 bytes cannot hold 4026531840/,
  );
  refused(
    lying((bytes, directory) => bytes.writeUInt32LE(3000, directory + 24)),
    /lies about its size/,
  );
  refused(
    lying((bytes, directory) => bytes.writeUInt32LE(bytes.length, directory + 20)),
    /reaches past the end/,
  );
});

/** A zip archive of one compressed member, whose directory says `size`. */
function zipOf(name: string, content: Buffer, size: number): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  local.write(name, 30);
  const central = Buffer.alloc(46 + name.length);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(crc32(content), 16);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(size, 24);
  central.writeUInt16LE(name.length, 28);
  central.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, central, end]);
}

test('a bomb is refused: one that holds more than it says, and one that says what it holds', () => {
  const path = join(folder, 'bomb.npz');
  const bomb = (shape: number[], zeros: number, size: number) => {
    writeFileSync(
      path,
      zipOf('windows.npy', Buffer.concat([npyHeader('<f4', shape), Buffer.alloc(zeros)]), size),
    );
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readForeign(path)).toThrow(expect.objectContaining({ code: 'CACHE_FOREIGN' }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  };
  writeFileSync(
    path,
    zipOf('windows.npy', Buffer.concat([npyHeader('<f4', [1, 1, 9]), Buffer.alloc(36)]), 164),
  );
  expect(readForeign(path).shape).toEqual([1, 1, 9]);
  bomb([1, 1, 9], 100e6, 164);
  bomb([1000, 19, 15360], 100e6, 1000 * 19 * 15360 * 4 + 128);
  bomb([4e6, 19, 15360], 36, 4_000_000_000);
});

test('small elements become float32 before anything else: a file that would outgrow the memory is refused', () => {
  const path = join(folder, 'small.npz');
  const zeros = Buffer.concat([npyHeader('|u1', [10, 19, 15360]), Buffer.alloc(10 * 19 * 15360)]);
  writeFileSync(path, zipOf('windows.npy', zeros, zeros.length));
  // 2.9 MB of bytes are 11.7 MB of float32, beside which the recording needs 17.5 MB more.
  expect(() => readForeign(path, 58e6)).toThrow(
    /small\.npz cannot be used: .*takes 29185280, more than half/,
  );
  expect(readForeign(path, 59e6).shape).toEqual([10, 19, 15360]);
});

test.each(['stored-f4.npz', 'compressed-f4.npz'])('%s: a changed sample is found by its checksum', (name) => {
  const path = join(folder, 'changed.npz');
  const bytes = Buffer.from(readFileSync(join(FIXTURES, name)));
  // One sample; in the compressed file the checksum itself, since a changed stream may not even inflate.
  if (name === 'stored-f4.npz') bytes[bytes.indexOf('windows.npy') + 400]! ^= 1;
  else bytes[bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 16]! ^= 1;
  writeFileSync(path, bytes);
  expect(() => readForeign(path)).toThrow(
    /changed\.npz cannot be used: the checksum of \w+\.npy is wrong\. Make it again/,
  );
});

test.each([
  ['<u2', (value: number) => Uint16Array.of(value)],
  ['<u4', (value: number) => Uint32Array.of(value)],
  ['<u8', (value: number) => BigUint64Array.of(BigInt(value))],
] as const)('%s: unsigned numbers are read', (dtype, array) => {
  const path = join(folder, 'unsigned.npz');
  // NumPy's header of such an array is that of another type but for its name.
  const header = Buffer.from(npyHeader('<f4', [1, 1, 1]).toString('latin1').replace('<f4', dtype), 'latin1');
  const content = Buffer.concat([header, Buffer.from(array(60_000).buffer)]);
  writeFileSync(path, zipOf('windows.npy', content, content.length));
  expect([...readForeign(path).windows]).toEqual([60_000]);
});

test('fuzz: damaged files are read or refused with an InputError', () => {
  for (const name of ['compressed-f4.npz', 'stored-f4.npz']) {
    const bytes = readFileSync(join(FIXTURES, name));
    const path = join(folder, 'fuzz.npz');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(bytes.length)),
        (changes, cut) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          writeFileSync(path, damaged.subarray(0, cut ?? bytes.length));
          try {
            foreignContent(folder, 'fuzz.npz');
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 400 },
    );
  }
});
