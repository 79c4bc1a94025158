import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openEdf, readDigital, readSignals, recordsWithin, writeEdf } from './index.ts';
import { DIGITAL, FIELD, inFolder, signalField, smallRecording, store } from './testing/damage.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));

test('a discontinuous recording: segments as its records tell, a hole from 10 s to 20 s', async () => {
  const recording = await openEdf(sample('chb03/chb03_01_clip_edfplusD.edf'));
  expect(recording.kind).toBe('EDF+D');
  expect(recording.segments).toEqual([
    { startS: 0, durationS: 10, firstRecord: 0, records: 10 },
    { startS: 20, durationS: 10, firstRecord: 10, records: 10 },
  ]);
  expect(recording.durationS).toBe(30);
  expect(recording.annotations).toEqual([{ onsetS: 10, durationS: 52, text: 'seizure' }]);
});

test('records that follow each other are joined, also when their times are rounded', async () => {
  await inFolder(async (folder) => {
    const file = await smallRecording(folder, true);
    file.put(FIELD.reserved, 44, 'EDF+D');
    const times = ['+0', '+1.0004', '+5'];
    const recordBytes = (file.bytes.length - 1024) / 3;
    times.forEach((time, record) => {
      const at = 1024 + record * recordBytes + 12;
      file.bytes.fill(0, at, at + recordBytes - 12).write(`${time}\x14\x14\0`, at, 'latin1');
    });
    const recording = await openEdf(await store(folder, file.bytes));
    expect(recording.segments).toEqual([
      { startS: 0, durationS: 2, firstRecord: 0, records: 2 },
      { startS: 5, durationS: 1, firstRecord: 2, records: 1 },
    ]);
    const [a] = await readDigital(recording, [0], recording.segments[1]!);
    expect(Array.from(a!)).toEqual(DIGITAL.A.slice(8));
  });
});

test('several annotation signals: the first tells the times, all are read, in order of onset', async () => {
  await inFolder(async (folder) => {
    const file = await smallRecording(folder, true);
    file.put(FIELD.reserved, 44, 'EDF+D');
    // B, of 4 bytes a record, becomes the first annotation signal; some writers vary the case.
    file.put(signalField('label', 1, 3), 16, 'EDF ANNOTATIONS');
    const recordBytes = (file.bytes.length - 1024) / 3;
    const second = ['+9\x14\x14\0+6\x14b\x14\0', '+0.5\x14a\x14\0', '+0.25\x14c\x14\0'];
    ['+0', '+1', '+5'].forEach((time, record) => {
      const at = 1024 + record * recordBytes + 8;
      file.bytes.fill(0, at, at + recordBytes - 8).write(`${time}\x14\x14`, at, 'latin1');
      file.bytes.write(second[record]!, at + 4, 'latin1');
    });
    const recording = await openEdf(await store(folder, file.bytes));
    expect(recording.signals.map(({ label }) => label)).toEqual(['A']);
    expect(recording.segments.map(({ startS, durationS }) => [startS, durationS])).toEqual([
      [0, 2],
      [5, 1],
    ]);
    expect(recording.annotations.map(({ onsetS, text }) => [onsetS, text])).toEqual([
      [0.25, 'c'],
      [0.5, 'a'],
      [6, 'b'],
    ]);
  });
});

test('values beyond the declared digital range are kept, and scaled like the others', async () => {
  const recording = await openEdf(sample('chb01/chb01_04_clip.edf'));
  const all = recording.signals.map((_, index) => index);
  const [segment] = recording.segments;
  const digital = await readDigital(recording, all, segment!);
  const physical = await readSignals(recording, all, segment!);
  let beyond = 0;
  digital.forEach((values, index) => {
    values.forEach((value, at) => {
      if (value >= -2048 && value <= 2047) return;
      beyond++;
      expect(physical[index]![at]).toBeCloseTo(((value + 0.5) * 1600) / 4095, 9);
    });
  });
  // Counted with NumPy: np.frombuffer(data[6144:], '<i2').
  expect(beyond).toBe(27);
});

test('a cut holds exactly the samples and the scaling of its span', async () => {
  await inFolder(async (folder) => {
    const source = await openEdf(sample('chb01/chb01_03_clip.edf'));
    const span = recordsWithin(source, source.segments[0]!, 10, 20)!;
    const all = source.signals.map((_, index) => index);
    const digital = await readDigital(source, all, span);
    const path = `${folder}/cut.edf`;
    await writeEdf(path, {
      patient: source.patient,
      recording: source.recording,
      startedAt: source.startedAt!,
      recordDurationS: source.recordDurationS,
      signals: source.signals.map((signal, index) => ({ ...signal, digital: digital[index]! })),
    });
    // The data records of a plain file are a plain stretch of bytes.
    const [whole, cut] = await Promise.all([readFile(source.path), readFile(path)]);
    const from = source.headerBytes + 10 * source.recordBytes;
    expect(
      cut.subarray(source.headerBytes).equals(whole.subarray(from, from + 10 * source.recordBytes)),
    ).toBe(true);
    expect(cut.subarray(256, source.headerBytes).equals(whole.subarray(256, source.headerBytes))).toBe(true);
  });
});

describe('spans', () => {
  const recording = { recordDurationS: 0.1 } as Parameters<typeof recordsWithin>[0];
  const segment = { startS: 20, durationS: 10, firstRecord: 100, records: 100 };

  test('whole records only', () => {
    expect(recordsWithin(recording, segment, 20.25, 20.55)).toMatchObject({ firstRecord: 103, records: 2 });
    expect(recordsWithin(recording, segment, 20.3, 20.7)).toMatchObject({ firstRecord: 103, records: 4 });
    const part = recordsWithin(recording, segment, 20.25, 20.55)!;
    expect([part.startS, part.durationS]).toEqual([expect.closeTo(20.3, 9), expect.closeTo(0.2, 9)]);
    expect(recordsWithin(recording, segment, 0, 99)).toEqual(segment);
    expect(recordsWithin(recording, segment, 20.31, 20.39)).toBeNull();
    expect(recordsWithin(recording, segment, 0, 20)).toBeNull();
  });

  test('any span of records of any signals is the same part of the whole', async () => {
    const source = await openEdf(sample('chb01/chb01_03_clip.edf'));
    const [segment] = source.segments;
    const all = source.signals.map((_, index) => index);
    const whole = await readDigital(source, all, segment!);
    const span = fc.tuple(fc.nat(49), fc.integer({ min: 1, max: 50 }));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...all)), span, async (indices, [first, count]) => {
        const records = Math.min(count, 50 - first);
        const part = await readDigital(source, indices, {
          firstRecord: first,
          records,
        });
        part.forEach((values, at) => {
          const expected = whole[indices[at]!]!.subarray(256 * first, 256 * (first + records));
          expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(expected.slice().buffer))).toBe(0);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('records that are not there are refused', async () => {
    const source = await openEdf(sample('chb01/chb01_03_clip.edf'));
    const beyond = { startS: 45, durationS: 10, firstRecord: 45, records: 10 };
    await expect(readDigital(source, [0], beyond)).rejects.toThrow(/has 50 data records/);
    const before = { startS: 0, durationS: 2, firstRecord: -1, records: 2 };
    await expect(readDigital(source, [0], before)).rejects.toThrow(/there are no records -1 to 0/);
    await expect(readDigital(source, [23], source.segments[0]!)).rejects.toThrow(/no signal 23/);
  });
});
