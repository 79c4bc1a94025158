import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { openEdf, readDigital, readSignals, writeEdf } from './index.ts';
import { FIELD, inFolder, type Patient, signalField, store } from './testing/damage.ts';

// policy.test.ts holds every rule on a file of its own making. Here the damage is done to a real recording of 23
// signals, and what is said of it is held to the letter.

const CLIP = fileURLToPath(new URL('../../data/sample/chb01/chb01_04_clip.edf', import.meta.url));
/** As its README says: 10 s before a seizure of 27 s. */
const RECORDS = 37;
const SIGNALS = 23;
const RATE = 256;
const HEADER_BYTES = 256 * (1 + SIGNALS);
const RECORD_BYTES = 2 * RATE * SIGNALS;

let clip: Buffer;
/** The clip as EDF+C, with its seizure as an annotation. */
let plus: Buffer;
let firstSignal: number[];
beforeAll(async () => {
  clip = await readFile(CLIP);
  const source = await openEdf(CLIP);
  const digital = await readDigital(
    source,
    source.signals.map((_, index) => index),
    source.segments[0]!,
  );
  firstSignal = Array.from(digital[0]!);
  plus = await inFolder(async (folder) => {
    await writeEdf(`${folder}/plus.edf`, {
      patient: source.patient,
      recording: source.recording,
      startedAt: source.startedAt!,
      recordDurationS: 1,
      signals: source.signals.map((signal, index) => ({ ...signal, digital: digital[index]! })),
      annotations: [{ onsetS: 10, durationS: 27, text: 'seizure' }],
    });
    return readFile(`${folder}/plus.edf`);
  });
});

function patient(original: Buffer): Patient {
  const bytes = Buffer.from(original);
  return { bytes, put: (at, width, text) => void bytes.write(text.padEnd(width), at, 'latin1') };
}

/** First byte of the annotation signal in a data record of {@link plus}. */
const tal = (record: number) => {
  const headerBytes = 256 * (2 + SIGNALS);
  return headerBytes + record * ((plus.length - headerBytes) / RECORDS) + RECORD_BYTES;
};

type Damage = (file: Patient) => Uint8Array | undefined;

describe('is read', () => {
  const read: [what: string, damage: Damage, warnings: Record<string, string>, records?: number][] = [
    ['as it is', () => undefined, {}],
    [
      'with a date that is none',
      ({ put }) => void put(FIELD.date, 8, '31.02.99'),
      { EDF_START: "the start '31.02.99' '15.07.29' is no date and time; it is taken as unknown" },
    ],
    [
      'with a decimal comma',
      ({ put }) => void put(signalField('physicalMin', 0, SIGNALS), 8, '-800,0'),
      { EDF_DECIMAL_COMMA: "the physical minimum of signal 0 (FP1-F7) is written '-800,0', read as -800" },
    ],
    [
      'with a wrong size of the header',
      ({ put }) => void put(FIELD.headerBytes, 8, '256'),
      { EDF_HEADER_BYTES: "the header says it has '256' bytes; with 23 signals it has 6144" },
    ],
    [
      'with a label that is not ASCII',
      ({ put }) => void put(256, 16, 'FP1-F7 µ'),
      {
        EDF_NON_ASCII: 'the header holds bytes that are not ASCII; they are read as UTF-8 or else as Latin-1',
      },
    ],
    [
      'with an open number of records',
      ({ put }) => void put(FIELD.records, 8, '-1'),
      { EDF_RECORDS_UNKNOWN: 'the header leaves the number of data records open; the file holds 37' },
    ],
    [
      'with too large a number of records',
      ({ put }) => void put(FIELD.records, 8, '999'),
      { EDF_TRUNCATED: 'the header announces 999 data records; the file holds 37 whole ones' },
    ],
    [
      'with too small a number of records',
      ({ put }) => void put(FIELD.records, 8, '5'),
      { EDF_MORE_RECORDS: 'the header announces 5 data records; the file holds 37, and all are used' },
    ],
    [
      'padded with NULs',
      ({ bytes }) => bytes.map((byte, at) => (at < HEADER_BYTES && byte === 0x20 ? 0 : byte)),
      { EDF_NUL: 'the header is padded with NULs instead of spaces' },
    ],
    [
      'with 17 bytes after its end',
      ({ bytes }) => Buffer.concat([bytes, Buffer.alloc(17, 0xab)]),
      { EDF_TRAILING: '17 bytes after the last whole data record are left out' },
    ],
    [
      'without the end of its last record',
      ({ bytes }) => bytes.subarray(0, -5000),
      {
        EDF_TRUNCATED:
          'the header announces 37 data records; the file holds 36 whole ones and 6776 bytes of the next, which are left out',
      },
      36,
    ],
    [
      'with a physical range that is empty, in another signal',
      ({ put }) => void put(signalField('physicalMin', 1, SIGNALS), 8, '800'),
      { EDF_SCALING: 'signal F7-T7 has no scaling: digital -2048 to 2047, physical 800 to 800' },
    ],
    [
      'with a digital range that is empty, in another signal',
      ({ put }) => void put(signalField('digitalMin', 1, SIGNALS), 8, '2047'),
      { EDF_SCALING: 'signal F7-T7 has no scaling: digital 2047 to 2047, physical -800 to 800' },
    ],
  ];

  test.each(read)('%s', async (_, damage, warnings, records = RECORDS) => {
    await inFolder(async (folder) => {
      const file = patient(clip);
      const recording = await openEdf(await store(folder, damage(file) ?? file.bytes));
      expect(Object.fromEntries(recording.warnings.map(({ code, message }) => [code, message]))).toEqual(
        warnings,
      );
      expect(recording).toMatchObject({ durationS: records, records });
      expect(recording.startedAt === null).toBe('EDF_START' in warnings);
      const [values] = await readSignals(recording, [0], recording.segments[0]!);
      expect(values!.length).toBe(RATE * records);
      values!.forEach((value, at) => {
        expect(value).toBeCloseTo(((firstSignal[at]! + 0.5) * 1600) / 4095, 9);
      });
    });
  });

  test('with an inverted physical range: the sign is honoured, without a warning', async () => {
    await inFolder(async (folder) => {
      const file = patient(clip);
      file.put(signalField('physicalMin', 0, SIGNALS), 8, '800');
      file.put(signalField('physicalMax', 0, SIGNALS), 8, '-800');
      const recording = await openEdf(await store(folder, file.bytes));
      expect(recording.warnings).toEqual([]);
      const [values] = await readSignals(recording, [0], recording.segments[0]!);
      values!.forEach((value, at) => {
        expect(value).toBeCloseTo((-(firstSignal[at]! + 0.5) * 1600) / 4095, 9);
      });
    });
  });

  test('with data records of half a second: twice the rate', async () => {
    await inFolder(async (folder) => {
      const file = patient(clip);
      file.put(FIELD.recordDuration, 8, '0.5');
      const recording = await openEdf(await store(folder, file.bytes));
      expect(recording).toMatchObject({ warnings: [], durationS: RECORDS / 2 });
      expect(new Set(recording.signals.map(({ sampleRate }) => sampleRate))).toEqual(new Set([2 * RATE]));
    });
  });

  test('as EDF+C with a record that does not say when it starts', async () => {
    await inFolder(async (folder) => {
      const file = patient(plus);
      file.bytes.fill(0, tal(20), tal(20) + 6);
      const recording = await openEdf(await store(folder, file.bytes));
      expect(recording.warnings).toEqual([
        {
          code: 'EDF_NO_TIMEKEEPING',
          message: '1 of 37 data records do not say when they start; they are taken as contiguous',
        },
      ]);
      expect(recording.segments).toEqual([
        { startS: 0, durationS: RECORDS, firstRecord: 0, records: RECORDS },
      ]);
      expect(recording.annotations).toEqual([{ onsetS: 10, durationS: 27, text: 'seizure' }]);
    });
  });
});

describe('is refused, with what was expected, what was found, where, and what to do', () => {
  const refused: [what: string, damage: Damage, code: string, message: string][] = [
    [
      'another first byte',
      ({ put }) => void put(FIELD.version, 8, '1'),
      'EDF_FORMAT',
      ": expected '0' (EDF) or BioSemi's mark (BDF) in the first 8 bytes, found '1'. This is not an EDF or BDF file.",
    ],
    [
      'an empty file',
      () => new Uint8Array(0),
      'EDF_FORMAT',
      ': expected an EDF header of at least 256 bytes, found a file of 0 bytes. It is empty or cut off; get it again.',
    ],
    [
      'a header without data',
      ({ bytes }) => bytes.subarray(0, HEADER_BYTES),
      'EDF_DATA',
      ': expected data records of 11776 bytes after the header of 6144, found 0 bytes. The recording is empty; get the file again.',
    ],
    [
      'a header that is cut off',
      ({ bytes }) => bytes.subarray(0, 3000),
      'EDF_HEADER',
      ': expected a header of 6144 bytes for 23 signals, found 3000. The file is cut off; get it again.',
    ],
    [
      'a number of signals that is none',
      ({ put }) => void put(FIELD.signals, 4, 'abcd'),
      'EDF_HEADER',
      ": expected the number of signals, 1 to 4096, at byte 252, found 'abcd'. The header is damaged; get the file again.",
    ],
    [
      'no signals',
      ({ put }) => void put(FIELD.signals, 4, '0'),
      'EDF_HEADER',
      ": expected the number of signals, 1 to 4096, at byte 252, found '0'. The header is damaged; get the file again.",
    ],
    [
      'data records of 0 s',
      ({ put }) => void put(FIELD.recordDuration, 8, '0'),
      'EDF_HEADER',
      ': expected the duration of a data record at byte 244 to be above 0, found 0: the sampling rates cannot be known. Correct the header or get the file again.',
    ],
    [
      'a signal without samples',
      ({ put }) => void put(signalField('samplesPerRecord', 0, SIGNALS), 8, '0'),
      'EDF_HEADER',
      ': expected a whole number of samples a record, at least 1, for signal 0 (FP1-F7) at byte 5224, found 0. Where its samples stand is unknown; get the file again.',
    ],
    [
      'an annotation that does not end',
      () => {
        const { bytes } = patient(plus);
        bytes.fill('x', bytes.indexOf('seizure\x14', 0, 'latin1') + 7, tal(11) - RECORD_BYTES);
        return bytes;
      },
      'EDF_TAL',
      ', data record 10: expected the annotation at byte 6 of its signal to end with 0x14 0x00; it does not. Annotations may be lost; get the file again.',
    ],
  ];

  test.each(refused)('%s', async (_, damage, code, message) => {
    await inFolder(async (folder) => {
      const file = patient(clip);
      const path = await store(folder, damage(file) ?? file.bytes);
      const error = await openEdf(path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ code, message: `${path}${message}` });
    });
  });

  test.each([
    ['digitalMin', '2047', 'digital 2047 to 2047, physical -800 to 800'],
    ['physicalMin', '800', 'digital -2048 to 2047, physical 800 to 800'],
  ] as const)('the values of a signal whose range is empty (%s)', async (field, text, scaling) => {
    await inFolder(async (folder) => {
      const file = patient(clip);
      file.put(signalField(field, 0, SIGNALS), 8, text);
      const path = await store(folder, file.bytes);
      const recording = await openEdf(path);
      await expect(readSignals(recording, [0], recording.segments[0]!)).rejects.toMatchObject({
        code: 'EDF_SCALING',
        message: `${path}: signal FP1-F7 cannot be scaled to uV: ${scaling}. Leave the recording out, or correct its header.`,
      });
    });
  });
});
