import { open, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EdfTal, openEdf, readDigital, type SignalToWrite, writeEdf } from './index.ts';
import { inFolder } from './testing/damage.ts';

const text = (length: number) =>
  fc
    .string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: length,
    })
    .filter((value) => !/^[EB]DF Annotations$/i.test(value));
/** Numbers whose shortest decimal form fits a header field. */
const fieldNumber = fc.oneof(
  fc.integer({ min: -9999999, max: 99999999 }),
  fc.integer({ min: -99999, max: 99999 }).map((value) => value / 1000),
  fc.constantFrom(1e-7, -0.00025, 0.0000125, 1e10),
);
const int16 = fc.integer({ min: -32768, max: 32767 });

const signals = (records: number) =>
  fc.array(
    fc
      .record({
        label: text(16),
        dimension: text(8),
        transducer: text(80),
        prefiltering: text(80),
        physicalMin: fieldNumber,
        physicalMax: fieldNumber,
        digitalMin: int16,
        digitalMax: int16,
        samplesPerRecord: fc.integer({ min: 1, max: 20 }),
      })
      .chain((fields) =>
        fc
          .array(int16, {
            minLength: fields.samplesPerRecord * records,
            maxLength: fields.samplesPerRecord * records,
          })
          .map((digital): SignalToWrite => ({ ...fields, digital: Int16Array.from(digital) })),
      ),
    { minLength: 1, maxLength: 5 },
  );
const microseconds = (most: number) => fc.integer({ min: 0, max: most * 1e6 }).map((value) => value / 1e6);
const annotation: fc.Arbitrary<EdfTal> = fc.record({
  onsetS: microseconds(1e5),
  durationS: fc.option(microseconds(1e5)),
  text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((value) => !/\p{C}/u.test(value)),
});

test('what is written is read: header fields, digital values, annotations, start', async () => {
  const content = fc.integer({ min: 1, max: 6 }).chain((records) =>
    fc.record({
      signals: signals(records),
      annotations: fc.option(fc.array(annotation, { maxLength: 8 }), { nil: undefined }),
      recordDurationS: fc.constantFrom(1, 0.5, 2, 0.1, 9.59375, 30),
      fraction: fc.constantFrom('', '.25', '.394531'),
    }),
  );
  await inFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(content, async ({ signals, annotations, recordDurationS, fraction }) => {
        const path = `${folder}/written.edf`;
        const startedAt = `2031-12-31T23:59:59${annotations === undefined ? '' : fraction}`;
        await writeEdf(path, {
          patient: 'X M X X',
          recording: 'Startdate X X X X',
          startedAt,
          recordDurationS,
          signals,
          ...(annotations === undefined ? {} : { annotations }),
        });
        const recording = await openEdf(path);
        expect(recording.warnings.filter(({ code }) => code !== 'EDF_SCALING')).toEqual([]);
        expect(recording.kind).toBe(annotations === undefined ? 'EDF' : 'EDF+C');
        expect(recording.startedAt).toBe(startedAt);
        expect(recording.recordDurationS).toBe(recordDurationS);
        expect(recording.segments).toHaveLength(1);
        signals.forEach(({ digital, ...fields }, index) => {
          expect(recording.signals[index]).toMatchObject(fields);
        });
        const all = signals.map((_, index) => index);
        const digital = await readDigital(recording, all, recording.segments[0]!);
        signals.forEach((signal, index) => {
          expect(Array.from(digital[index]!)).toEqual(Array.from(signal.digital));
        });
        const byOnset = (a: EdfTal, b: EdfTal) =>
          a.onsetS - b.onsetS || (a.text < b.text ? -1 : 1) || (a.durationS ?? -1) - (b.durationS ?? -1);
        const expected = (annotations ?? []).toSorted(byOnset);
        const found = recording.annotations.toSorted(byOnset);
        expect(found.map((tal) => tal.text).sort()).toEqual(expected.map((tal) => tal.text).sort());
        for (const { onsetS, durationS, text } of expected)
          expect(
            found.some(
              (tal) =>
                tal.text === text && tal.durationS === durationS && Math.abs(tal.onsetS - onsetS) < 1e-6,
            ),
          ).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

const plain = {
  patient: 'X X X X',
  recording: 'Startdate X X X X',
  startedAt: '2002-03-02T10:20:30',
  recordDurationS: 1,
};
const signal: SignalToWrite = {
  label: 'A',
  dimension: 'uV',
  physicalMin: -1,
  physicalMax: 1,
  digitalMin: -10,
  digitalMax: 10,
  samplesPerRecord: 2,
  digital: [1, 2, 3, 4],
};

test('recordings and annotations larger than what is read and written at once', async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/large.edf`;
    // 5 records of 2 MB of samples and 2 MB of annotation each; 8 MB are handled at once.
    const digital = Int16Array.from({ length: 5_000_000 }, (_, at) => (at * 7919) % 30011);
    const annotations = [0, 4].map((onsetS) => ({
      onsetS,
      durationS: 1,
      text: `${onsetS}`.repeat(2_000_000),
    }));
    const large = { ...signal, digital, samplesPerRecord: 1_000_000 };
    await writeEdf(path, { ...plain, annotations, signals: [large, { ...large, label: 'B' }] });
    const recording = await openEdf(path);
    expect(recording.records).toBe(5);
    expect(recording.annotations.map(({ onsetS, text }) => [onsetS, text.length])).toEqual([
      [0, 2_000_000],
      [4, 2_000_000],
    ]);
    for (const indices of [[1], [0, 1]])
      for (const values of await readDigital(recording, indices, recording.segments[0]!))
        expect(values.every((value, at) => value === digital[at])).toBe(true);

    // What is wrong beyond the first chunk is named by its record.
    const file = await open(path, 'r+');
    await file.write('?', recording.headerBytes + 4 * recording.recordBytes + 4_000_000);
    await file.close();
    await expect(openEdf(path)).rejects.toThrow(/large\.edf, data record 4: .* found '\?4'/);
  });
});

test('annotations before the start, after the end, and of several lines', async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/written.edf`;
    const annotations = [
      { onsetS: -3.5, durationS: 1, text: 'before' },
      { onsetS: 1, durationS: null, text: 'two\n\tlines\r' },
      { onsetS: 99, durationS: null, text: 'after' },
    ];
    await writeEdf(path, { ...plain, annotations, signals: [signal] });
    expect((await openEdf(path)).annotations).toEqual(annotations);
  });
});

test('the bytes of a plain file are those of the specification', async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/written.edf`;
    await writeEdf(path, { ...plain, signals: [{ ...signal, physicalMin: -0.000125, digital: [1, -2] }] });
    const bytes = await readFile(path);
    const at = (start: number, length: number) => bytes.toString('latin1', start, start + length);
    expect(at(0, 8)).toBe('0       ');
    expect(at(168, 16)).toBe('02.03.0210.20.30');
    expect(at(184, 8)).toBe('512     ');
    expect(at(192, 44).trim()).toBe('');
    expect(at(236, 20)).toBe('1       1       1   ');
    expect(at(256, 16)).toBe('A               ');
    expect(at(360, 8)).toBe('-.000125');
    expect(at(472, 8)).toBe('2       ');
    expect([...bytes.subarray(512)]).toEqual([1, 0, 0xfe, 0xff]);
  });
});

test.each([
  [
    'a value beyond 16 bits',
    { signals: [{ ...signal, digital: [1, 2, 3, 32768] }] },
    /sample 3 of A is 32768/,
  ],
  [
    'a value below 16 bits',
    { signals: [{ ...signal, digital: [1, -32769, 3, 4] }] },
    /sample 1 of A is -32769/,
  ],
  [
    'a value that is not whole',
    { signals: [{ ...signal, digital: [1, 2, 3, 0.5] }] },
    /sample 3 of A is 0\.5/,
  ],
  ['part of a record', { signals: [{ ...signal, digital: [1, 2, 3] }] }, /signal A has 3 samples/],
  ['no record', { signals: [{ ...signal, digital: [] }] }, /signal A has 0 samples/],
  [
    'signals of different length',
    { signals: [signal, { ...signal, label: 'B', digital: [1, 2] }] },
    /signal B/,
  ],
  ['no signal', { signals: [] }, /needs a signal/],
  ['a label that is too long', { signals: [{ ...signal, label: 'A label of 17 byt' }] }, /at most 16 bytes/],
  ['a number that does not fit', { signals: [{ ...signal, physicalMax: 1 / 3 }] }, /0\.333.* does not fit 8/],
  ['a start before 1985', { startedAt: '1984-12-31T23:59:59' }, /1985 to 2084/],
  ['a start that is no date', { startedAt: '2002-13-02T10:20:30' }, /not of the form/],
  ['a fraction of a second in plain EDF', { startedAt: '2002-03-02T10:20:30.5' }, /needs EDF\+/],
  ['an empty annotation', { annotations: [{ onsetS: 0, durationS: null, text: '' }] }, /empty/],
  ['a control character', { annotations: [{ onsetS: 0, durationS: null, text: 'a\x14b' }] }, /control/],
  ['a time without end', { annotations: [{ onsetS: 1e15, durationS: null, text: 'a' }] }, /is no time/],
  ['a negative duration', { annotations: [{ onsetS: 0, durationS: -1, text: 'a' }] }, /duration of -1 s/],
])('refuses to write %s, and leaves nothing behind', async (_, change, message) => {
  await inFolder(async (folder) => {
    const path = `${folder}/written.edf`;
    await expect(writeEdf(path, { ...plain, signals: [signal], ...change })).rejects.toMatchObject({
      code: 'EDF_WRITE',
      message: expect.stringMatching(message),
    });
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
