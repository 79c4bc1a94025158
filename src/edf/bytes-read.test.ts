import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openEdf, readDigital, recordsWithin, writeEdf } from './index.ts';
import { FIELD, inFolder, signalField, smallRecording, store } from './testing/damage.ts';

interface Read {
  readonly position: number;
  readonly bytes: number;
}
let reads: Read[] = [];

/** Bytes that were read, each byte of the file counted as often as it was. */
const total = () => reads.reduce((sum, { bytes }) => sum + bytes, 0);

beforeEach(async () => {
  reads = [];
  const file = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  const read = prototype.read as (...parameters: unknown[]) => Promise<{ bytesRead: number }>;
  vi.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...parameters: unknown[]) {
    const result = await read.apply(this, parameters);
    reads.push({ position: parameters[3] as number, bytes: result.bytesRead });
    return result as never;
  } as never);
});
afterEach(() => vi.restoreAllMocks());

/** Ten signals of 4,096 samples a record: 8,192 bytes each, 81,920 a record; 40 records of 1 s. */
async function tenSignals(folder: string, hasAnnotations = false, samplesPerRecord = 4096) {
  const path = `${folder}/ten.edf`;
  await writeEdf(path, {
    patient: 'X',
    recording: 'X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: Array.from({ length: 10 }, (_, index) => ({
      label: `S${index}`,
      dimension: 'uV',
      physicalMin: -1,
      physicalMax: 1,
      digitalMin: -32768,
      digitalMax: 32767,
      samplesPerRecord,
      digital: Int16Array.from(
        { length: 40 * samplesPerRecord },
        (_, at) => 1000 * index + Math.floor(at / samplesPerRecord),
      ),
    })),
    ...(hasAnnotations ? { annotations: [{ onsetS: 3, durationS: null, text: 'sz' }] } : {}),
  });
  return path;
}

describe('bytes read', () => {
  test('opening reads the header, and with annotations these alone', async () => {
    await inFolder(async (folder) => {
      await openEdf(await tenSignals(folder));
      // The first 256 bytes say how long the header is.
      expect(total()).toBe(256 + 11 * 256);
      reads = [];
      const { recordBytes, annotations } = await openEdf(await tenSignals(folder, true));
      expect(annotations).toHaveLength(1);
      expect(total()).toBe(256 + 12 * 256 + 40 * (recordBytes - 81920));
    });
  });

  test('the signals and the span asked for, nothing else', async () => {
    await inFolder(async (folder) => {
      const recording = await openEdf(await tenSignals(folder));
      reads = [];
      const span = recordsWithin(recording, recording.segments[0]!, 10, 15)!;
      const [seven, zero, one] = await readDigital(recording, [7, 0, 1], span);
      expect(total()).toBe(3 * 5 * 8192);
      expect(reads).toHaveLength(2 * 5); // 0 and 1 are neighbours
      const from = 11 * 256 + 10 * 81920;
      for (const { position, bytes } of reads) {
        expect(position).toBeGreaterThanOrEqual(from);
        expect(position + bytes).toBeLessThanOrEqual(from + 5 * 81920);
      }
      for (const [signal, values] of [seven!, zero!, one!].entries())
        for (const at of [0, 4095, 4096, 5 * 4096 - 1])
          expect(values[at]).toBe([7000, 0, 1000][signal]! + 10 + Math.floor(at / 4096));
    });
  });

  test('all signals of a span are one read', async () => {
    await inFolder(async (folder) => {
      const recording = await openEdf(await tenSignals(folder));
      reads = [];
      const span = recordsWithin(recording, recording.segments[0]!, 30, 40)!;
      await readDigital(
        recording,
        recording.signals.map((_, index) => index),
        span,
      );
      expect(reads).toEqual([{ position: 11 * 256 + 30 * 81920, bytes: 10 * 81920 }]);
    });
  });

  test('signals that lie within a page of each other are one read', async () => {
    await inFolder(async (folder) => {
      const recording = await openEdf(await tenSignals(folder, false, 256));
      reads = [];
      const [two, nine] = await readDigital(recording, [2, 9], recording.segments[0]!);
      expect(reads).toEqual([{ position: 11 * 256 + 2 * 512, bytes: 39 * 5120 + 8 * 512 }]);
      expect([two![255], two![256], nine![40 * 256 - 1]]).toEqual([2000, 2001, 9039]);
    });
  });

  test('what lies within a page is read along: 100,000 tiny records are not 100,000 reads', async () => {
    await inFolder(async (folder) => {
      const { bytes } = await smallRecording(folder, true);
      const record = bytes.subarray(1024, 1024 + (bytes.length - 1024) / 3);
      const many = Buffer.concat([bytes.subarray(0, 1024), ...Array.from({ length: 100_000 }, () => record)]);
      const recording = await openEdf(await store(folder, many));
      expect(recording.records).toBe(100_000);
      expect(reads.length).toBeLessThan(20);
      expect(total()).toBeLessThanOrEqual(many.length + 1024);
      reads = [];
      const [b] = await readDigital(recording, [1], recording.segments[0]!);
      expect(reads.length).toBeLessThan(20);
      expect(Array.from(b!.subarray(199_998))).toEqual([-1, -2]);
    });
  });
});

test('positions beyond 4 GiB: a recording with holes on disk', async () => {
  await inFolder(async (folder) => {
    // 1,100 records of a signal of 2,000,000 samples: 4.4 GB, of which the last samples are stored.
    const file = await smallRecording(folder, false);
    file.put(signalField('samplesPerRecord', 0, 2), 8, '2000000');
    file.put(FIELD.records, 8, '1100');
    const recordBytes = 4_000_000 + 4;
    const path = await store(folder, file.bytes.subarray(0, 768));
    const handle = await open(path, 'r+');
    const last = 768 + 1099 * recordBytes;
    await handle.write(Buffer.from(Int16Array.of(-5, 6, 7, -8).buffer), 0, 8, last + 4_000_000 - 4);
    await handle.truncate(768 + 1100 * recordBytes);
    await handle.close();
    const recording = await openEdf(path);
    expect(recording).toMatchObject({ records: 1100, durationS: 1100, warnings: [] });
    reads = [];
    const span = recordsWithin(recording, recording.segments[0]!, 1099, 1100)!;
    const [a, b] = await readDigital(recording, [0, 1], span);
    expect(Array.from(a!.subarray(1_999_997))).toEqual([0, -5, 6]);
    expect(Array.from(b!)).toEqual([7, -8]);
    expect(total()).toBe(recordBytes);
    expect(reads[0]!.position).toBe(last);
    expect(last).toBeGreaterThan(2 ** 32);
  });
});

test('sizes that only a header claims are not set aside', async () => {
  await inFolder(async (folder) => {
    for (const hasAnnotations of [false, true]) {
      const file = await smallRecording(folder, hasAnnotations);
      const signals = hasAnnotations ? 3 : 2;
      file.put(signalField('samplesPerRecord', signals - 1, signals), 8, '99999999');
      file.put(FIELD.records, 8, '99999999');
      const before = process.memoryUsage().arrayBuffers;
      await expect(openEdf(await store(folder, file.bytes))).rejects.toMatchObject({ code: 'EDF_DATA' });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    }
  });
});
