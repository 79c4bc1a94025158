import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { type EdfRecording, openEdf, readDigital, readSignals } from './index.ts';
import {
  DIGITAL,
  FIELD,
  inFolder,
  type Patient,
  signalField,
  smallRecording,
  store,
} from './testing/damage.ts';

interface Repaired {
  readonly what: string;
  readonly code: string;
  readonly damage: (file: Patient) => Uint8Array | undefined;
  readonly hasAnnotations?: true;
  /** Beyond the samples being those that were written. */
  readonly check?: (recording: EdfRecording) => void;
  readonly records?: number;
}

interface Refused {
  readonly what: string;
  readonly code: string;
  readonly damage: (file: Patient) => Uint8Array | undefined;
  readonly hasAnnotations?: true;
  readonly says: RegExp;
}

const nothing = undefined;
/** First byte of the annotation signal in a data record: header of 3 signals, then A and B of 12 bytes. */
const tal = (file: Patient, record: number) => 1024 + record * ((file.bytes.length - 1024) / 3) + 12;

const repaired: Repaired[] = [
  {
    what: 'NULs instead of spaces',
    code: 'EDF_NUL',
    damage: ({ bytes }) => bytes.map((byte, at) => (at < 768 && byte === 0x20 ? 0 : byte)),
  },
  {
    what: 'a NUL within a label',
    code: 'EDF_NUL',
    damage: ({ put }) => void put(256, 16, 'EEG\0A'),
    check: ({ signals }) => expect(signals[0]!.label).toBe('EEG A'),
  },
  {
    what: 'bytes beyond ASCII',
    code: 'EDF_NON_ASCII',
    damage: ({ put }) => void put(8, 80, 'Patient Müller'),
    check: ({ patient }) => expect(patient).toBe('Patient Müller'),
  },
  {
    what: 'a unit and a name in UTF-8',
    code: 'EDF_NON_ASCII',
    damage: ({ bytes, put }) => {
      put(8, 80, '');
      bytes.set(Buffer.from('Patient Müller', 'utf8'), 8);
      bytes.set(Buffer.from('µV', 'utf8'), signalField('dimension', 0, 2));
    },
    check: ({ patient, signals }) =>
      expect([patient, signals[0]!.dimension]).toEqual(['Patient Müller', 'µV']),
  },
  {
    what: 'a decimal comma',
    code: 'EDF_DECIMAL_COMMA',
    damage: ({ put }) => void put(signalField('physicalMin', 0, 2), 8, '-100,0'),
    check: ({ signals }) => expect(signals[0]!.physicalMin).toBe(-100),
  },
  {
    what: 'a wrong size of the header',
    code: 'EDF_HEADER_BYTES',
    damage: ({ put }) => void put(FIELD.headerBytes, 8, '512'),
  },
  {
    what: 'an open number of records',
    code: 'EDF_RECORDS_UNKNOWN',
    damage: ({ put }) => void put(FIELD.records, 8, '-1'),
  },
  {
    what: 'fewer records than announced',
    code: 'EDF_TRUNCATED',
    damage: ({ put }) => void put(FIELD.records, 8, '30'),
  },
  {
    what: 'a last record that is cut off',
    code: 'EDF_TRUNCATED',
    damage: ({ bytes }) => bytes.subarray(0, -5),
    records: 2,
    check: ({ durationS }) => expect(durationS).toBe(2),
  },
  {
    what: 'more records than announced',
    code: 'EDF_MORE_RECORDS',
    damage: ({ put }) => void put(FIELD.records, 8, '1'),
  },
  ...['0', '-5'].map((announced) => ({
    what: `an announced number of records of ${announced}`,
    code: 'EDF_MORE_RECORDS',
    damage: ({ put }: Patient) => void put(FIELD.records, 8, announced),
  })),
  {
    what: 'bytes after the last record',
    code: 'EDF_TRAILING',
    damage: ({ bytes }) => Buffer.concat([bytes, Buffer.from('garbage')]),
  },
  {
    what: 'a start that is no date',
    code: 'EDF_START',
    damage: ({ put }) => void put(FIELD.date, 8, '31.02.02'),
    check: ({ startedAt }) => expect(startedAt).toBeNull(),
  },
  {
    what: 'a start with 61 seconds',
    code: 'EDF_START',
    damage: ({ put }) => void put(FIELD.time, 8, '10.20.61'),
    check: ({ startedAt }) => expect(startedAt).toBeNull(),
  },
  {
    what: 'other separators in the start',
    code: 'EDF_START_FORM',
    damage: ({ put }) => void put(FIELD.date, 8, '02:03:85'),
    check: ({ startedAt }) => expect(startedAt).toBe('1985-03-02T10:20:30'),
  },
  {
    what: 'a scaling that is empty',
    code: 'EDF_SCALING',
    damage: ({ put }) => void put(signalField('physicalMin', 1, 2), 8, '100'),
  },
  {
    what: 'a scaling that is no number',
    code: 'EDF_SCALING',
    damage: ({ put }) => void put(signalField('digitalMax', 1, 2), 8, 'abc'),
  },
  {
    what: 'a scaling that no amplifier has',
    code: 'EDF_SCALING',
    damage: ({ put }) => void put(signalField('physicalMin', 1, 2), 8, '-1e308'),
  },
  {
    what: 'a digital range that no converter has',
    code: 'EDF_SCALING',
    damage: ({ put }) => void put(signalField('digitalMax', 1, 2), 8, '1e308'),
  },
  {
    what: 'annotation signals in a file that is not marked EDF+',
    code: 'EDF_PLUS_UNMARKED',
    hasAnnotations: true,
    damage: ({ put }) => void put(FIELD.reserved, 44, ''),
    check: ({ kind, annotations }) => {
      expect(kind).toBe('EDF+C');
      expect(annotations).toEqual([{ onsetS: 1.25, durationS: 0.5, text: 'sz' }]);
    },
  },
  {
    what: 'a record without its time-keeping annotation (contiguous)',
    code: 'EDF_NO_TIMEKEEPING',
    hasAnnotations: true,
    damage: (file) => void file.bytes.fill(0, tal(file, 2), tal(file, 2) + 8),
    check: ({ segments }) => expect(segments).toHaveLength(1),
  },
  {
    what: 'record times that disagree with EDF+C',
    code: 'EDF_TIMES_DISAGREE',
    hasAnnotations: true,
    damage: (file) => void file.bytes.write('+9', tal(file, 2)),
    check: ({ segments }) =>
      expect(segments).toEqual([{ startS: 0, durationS: 3, firstRecord: 0, records: 3 }]),
  },
  {
    what: 'a first record a second after the start',
    code: 'EDF_FIRST_ONSET',
    hasAnnotations: true,
    damage: (file) => {
      for (let record = 0; record < 3; record++) file.bytes.write(`+${record + 1}`, tal(file, record));
    },
    check: ({ startedAt, annotations }) => {
      expect(startedAt).toBe('2002-03-02T10:20:31');
      expect(annotations[0]!.onsetS).toBe(0.25);
    },
  },
  {
    what: 'a first record before the start',
    code: 'EDF_FIRST_ONSET',
    hasAnnotations: true,
    damage: (file) => {
      ['-1', '+0', '+1'].forEach((time, record) => void file.bytes.write(time, tal(file, record)));
    },
    check: ({ startedAt, annotations }) => {
      expect(startedAt).toBe('2002-03-02T10:20:29');
      expect(annotations[0]!.onsetS).toBe(2.25);
    },
  },
  {
    what: 'records of a discontinuous recording that follow each other too late by their own times',
    code: 'EDF_DRIFT',
    hasAnnotations: true,
    damage: (file) => {
      file.put(FIELD.reserved, 44, 'EDF+D');
      const length = tal(file, 1) - tal(file, 0) - 12;
      ['+0', '+1.1', '+2.2'].forEach((time, record) => {
        const at = tal(file, record);
        file.bytes.fill(0, at, at + length).write(`${time}\x14\x14`, at, 'latin1');
      });
      return nothing;
    },
    check: ({ segments, durationS }) => {
      expect(segments).toMatchObject([{ startS: 0, records: 3, recordStartsS: [0, 1.1, 2.2] }]);
      expect(durationS).toBeCloseTo(3.3, 9);
    },
  },
  {
    what: 'annotation texts that are not UTF-8',
    code: 'EDF_TAL_TEXT',
    hasAnnotations: true,
    damage: ({ bytes }) => void bytes.write('\xe9', bytes.indexOf('sz'), 'latin1'),
    check: ({ annotations }) => expect(annotations[0]!.text).toBe('éz'),
  },
];

const refused: Refused[] = [
  { what: 'an empty file', code: 'EDF_FORMAT', damage: () => new Uint8Array(0), says: /of 0 bytes/ },
  {
    what: 'another format',
    code: 'EDF_FORMAT',
    damage: ({ put }) => void put(0, 8, '\x89PNG'),
    says: /found '\?PNG'/,
  },
  {
    what: 'a header that is cut off',
    code: 'EDF_HEADER',
    damage: ({ bytes }) => bytes.subarray(0, 400),
    says: /768 bytes for 2 signals, found 400/,
  },
  {
    what: 'a number of signals that is none',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.signals, 4, '0x2'),
    says: /byte 252, found '0x2'/,
  },
  {
    what: 'a number of signals of 0',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.signals, 4, '0'),
    says: /byte 252, found '0'/,
  },
  {
    what: 'a number of signals that no recorder has',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.signals, 4, '9999'),
    says: /1 to 4096, at byte 252, found '9999'/,
  },
  {
    what: 'a number of records that is none',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.records, 8, 'many'),
    says: /byte 236, found 'many'/,
  },
  {
    what: 'a number of records that is not whole',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.records, 8, '1.5'),
    says: /byte 236, found 1\.5/,
  },
  {
    what: 'records of 0 s',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.recordDuration, 8, '0'),
    says: /byte 244 to be above 0/,
  },
  {
    what: 'records of negative duration',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.recordDuration, 8, '-1'),
    says: /byte 244, found -1/,
  },
  {
    what: 'records of a duration that no recording has',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.recordDuration, 8, '1e308'),
    says: /0, or 0\.000001 to 1000000 s, at byte 244, found 1e\+308/,
  },
  {
    what: 'records that are too short to be any',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.recordDuration, 8, '1e-320'),
    says: /byte 244, found 1e-320/,
  },
  {
    what: 'records of infinite duration',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(FIELD.recordDuration, 8, '1e999'),
    says: /byte 244, found '1e999'/,
  },
  {
    what: 'a signal of more samples than a file can hold',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(signalField('samplesPerRecord', 1, 2), 8, '1e9'),
    says: /signal 1 \(B\) at byte 696, found 1000000000/,
  },
  {
    what: 'a signal without samples',
    code: 'EDF_HEADER',
    damage: ({ put }) => void put(signalField('samplesPerRecord', 1, 2), 8, '0'),
    says: /signal 1 \(B\) at byte 696, found 0/,
  },
  {
    what: 'a header without data',
    code: 'EDF_DATA',
    damage: ({ bytes }) => bytes.subarray(0, 768),
    says: /found 0 bytes/,
  },
  {
    what: 'an annotation that does not end',
    code: 'EDF_TAL',
    hasAnnotations: true,
    damage: ({ bytes }) => void bytes.fill('z', bytes.indexOf('sz') + 1, bytes.indexOf('sz') + 4),
    says: /data record 1.*end with 0x14 0x00/,
  },
  {
    what: 'an annotation without onset',
    code: 'EDF_TAL',
    hasAnnotations: true,
    damage: ({ bytes }) => void bytes.write('?1.25', bytes.indexOf('+1.25'), 'latin1'),
    says: /data record 1.*found '\?1\.25\?0\.5'/,
  },
  {
    what: 'holes without annotation signal',
    code: 'EDF_TIME',
    damage: ({ put }) => void put(FIELD.reserved, 44, 'EDF+D'),
    says: /has holes \(EDF\+D\)/,
  },
  {
    what: 'holes, and a record that does not say when it starts',
    code: 'EDF_TIME',
    hasAnnotations: true,
    damage: (file) => {
      file.put(FIELD.reserved, 44, 'EDF+D');
      file.bytes.fill(0, tal(file, 2), tal(file, 2) + 8);
      return nothing;
    },
    says: /data record 2 does not say/,
  },
  {
    what: 'records that overlap in time',
    code: 'EDF_TIME',
    hasAnnotations: true,
    damage: (file) => {
      file.put(FIELD.reserved, 44, 'EDF+D');
      file.bytes.write('+1', tal(file, 2));
      return nothing;
    },
    says: /data record 2 starts at 1 s, before .* \(2 s\)/,
  },
];

describe('repaired, with a warning', () => {
  test.each(repaired)('$what: $code', async ({ code, damage, hasAnnotations, check, records = 3 }) => {
    await inFolder(async (folder) => {
      const file = await smallRecording(folder, hasAnnotations ?? false);
      const path = await store(folder, damage(file) ?? file.bytes);
      const recording = await openEdf(path);
      expect(recording.warnings.map((warning) => warning.code)).toContain(code);
      for (const { message } of recording.warnings) expect(message).not.toMatch(/undefined|NaN \w/);
      const [a, b] = await readDigital(recording, [0, 1], recording.segments[0]!);
      expect(Array.from(a!)).toEqual(DIGITAL.A.slice(0, 4 * records));
      expect(Array.from(b!)).toEqual(DIGITAL.B.slice(0, 2 * records));
      check?.(recording);
    });
  });
});

describe('refused', () => {
  test.each(refused)('$what: $code', async ({ code, damage, hasAnnotations, says }) => {
    await inFolder(async (folder) => {
      const file = await smallRecording(folder, hasAnnotations ?? false);
      const path = await store(folder, damage(file) ?? file.bytes);
      const error = await openEdf(path).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
      expect((error as InputError).message.startsWith(path)).toBe(true);
    });
  });

  test('a missing file, and a folder: EDF_READ', async () => {
    await inFolder(async (folder) => {
      await expect(openEdf(`${folder}/none.edf`)).rejects.toMatchObject({
        code: 'EDF_READ',
        message: expect.stringMatching(/none\.edf: ENOENT/),
      });
      await expect(openEdf(folder)).rejects.toMatchObject({
        code: 'EDF_READ',
        message: expect.stringMatching(/is not a file/),
      });
    });
  });

  test('a named pipe, which nobody writes to: EDF_READ at once', async () => {
    await inFolder(async (folder) => {
      execFileSync('mkfifo', [`${folder}/pipe.edf`]);
      await expect(openEdf(`${folder}/pipe.edf`)).rejects.toMatchObject({
        code: 'EDF_READ',
        message: expect.stringMatching(/is not a file/),
      });
    });
  });

  test('a file that becomes shorter after it was opened: EDF_READ', async () => {
    await inFolder(async (folder) => {
      const { bytes } = await smallRecording(folder, false);
      const recording = await openEdf(await store(folder, bytes));
      await store(folder, bytes.subarray(0, -10));
      await expect(readDigital(recording, [0], recording.segments[0]!)).rejects.toMatchObject({
        code: 'EDF_READ',
        message: expect.stringMatching(/damaged\.edf: expected 32 bytes at byte 768, found 26/),
      });
    });
  });

  test.each([
    { field: 'physicalMin', text: '100' },
    { field: 'digitalMin', text: '100' },
    { field: 'digitalMin', text: 'low' },
  ] as const)('values of a signal without scaling ($field $text): EDF_SCALING', async ({ field, text }) => {
    await inFolder(async (folder) => {
      const file = await smallRecording(folder, false);
      file.put(signalField(field, 1, 2), 8, text);
      const recording = await openEdf(await store(folder, file.bytes));
      const [segment] = recording.segments;
      await expect(readSignals(recording, [0, 1], segment!)).rejects.toMatchObject({
        code: 'EDF_SCALING',
        message: expect.stringMatching(/signal B cannot be scaled to uV/),
      });
      // The other signal is not lost.
      expect(Array.from((await readSignals(recording, [0], segment!))[0]!)).toEqual(DIGITAL.A);
    });
  });
});

test('docs/edf.md lists exactly the codes that are held here', () => {
  const page = readFileSync(new URL('../../docs/edf.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `EDF_'));
  const inPage = new Set(rows.map((row) => /`(EDF_\w+)`/.exec(row)![1]));
  const held = new Set([...repaired, ...refused].map(({ code }) => code));
  expect(inPage).toEqual(new Set([...held, 'EDF_READ']));
});
