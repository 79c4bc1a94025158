import { expect, test } from 'vitest';
import { openEdf, readDigital, readSignals } from './index.ts';
import { inFolder, store } from './testing/damage.ts';

interface SignalOfFile {
  readonly label: string;
  readonly dimension: string;
  readonly physical: readonly [string, string];
  readonly digital: readonly [string, string];
  readonly samplesPerRecord: number;
  /** Bytes of its samples, a record each. */
  readonly records: readonly Buffer[];
}

/** A BDF file put together by BioSemi's description of the format, field by field; `writeEdf` writes EDF only. */
function bdf(reserved: string, recordDuration: string, signals: readonly SignalOfFile[]): Buffer {
  const field = (text: string, width: number) => Buffer.from(text.padEnd(width), 'latin1');
  const each = (width: number, text: (signal: SignalOfFile) => string) =>
    signals.map((signal) => field(text(signal), width));
  const records = signals[0]!.records.length;
  return Buffer.concat([
    Buffer.from('\xffBIOSEMI', 'latin1'),
    field('X X X X', 80),
    field('Startdate X X X X', 80),
    field('02.03.02', 8),
    field('23.59.59', 8),
    field(String(256 * (1 + signals.length)), 8),
    field(reserved, 44),
    field(String(records), 8),
    field(recordDuration, 8),
    field(String(signals.length), 4),
    ...each(16, ({ label }) => label),
    ...each(80, () => ''),
    ...each(8, ({ dimension }) => dimension),
    ...each(8, ({ physical }) => physical[0]),
    ...each(8, ({ physical }) => physical[1]),
    ...each(8, ({ digital }) => digital[0]),
    ...each(8, ({ digital }) => digital[1]),
    ...each(80, () => ''),
    ...each(8, ({ samplesPerRecord }) => String(samplesPerRecord)),
    ...each(32, () => ''),
    ...Array.from({ length: records }, (_, record) =>
      signals.map((signal) => signal.records[record]!),
    ).flat(),
  ]);
}

/** Little-endian two's complement of 24 bits. */
const int24 = (values: readonly number[]) =>
  Buffer.from(values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255]));
const tals = (text: string) => {
  const bytes = Buffer.alloc(30);
  bytes.write(text.replaceAll('@', '\x14').replaceAll('#', '\x15').replaceAll('_', '\0'), 'utf8');
  return bytes;
};

test('BDF+D: 24 bits, unequal scaling, values beyond the range, two annotation signals, a fraction of a second, a hole', async () => {
  const signals: SignalOfFile[] = [
    {
      label: 'A',
      dimension: 'uV',
      physical: ['-262144', '262143'],
      digital: ['-8388608', '8388607'],
      samplesPerRecord: 2,
      records: [int24([-8388608, 8388607]), int24([-1, 0]), int24([1, 65536])],
    },
    {
      label: 'BDF Annotations',
      dimension: '',
      physical: ['-1', '1'],
      digital: ['-8388608', '8388607'],
      samplesPerRecord: 10,
      records: [tals('+0.25@@_'), tals('+0.75@@_+0.5#2@Anfälle@_'), tals('+60.5@@_+60.75@b@c@_')],
    },
    {
      label: 'B',
      dimension: 'mV',
      physical: ['10', '-30'],
      digital: ['-100', '300'],
      samplesPerRecord: 1,
      records: [int24([-100]), int24([300]), int24([-70000])],
    },
    {
      label: 'BDF Annotations',
      dimension: '',
      physical: ['-1', '1'],
      digital: ['-8388608', '8388607'],
      samplesPerRecord: 10,
      records: [tals(''), tals('+61@late@_'), tals('')],
    },
  ];
  await inFolder(async (folder) => {
    const recording = await openEdf(await store(folder, bdf('BDF+D', '0.5', signals), 'a.bdf'));
    expect(recording).toMatchObject({
      kind: 'BDF+D',
      startedAt: '2002-03-02T23:59:59.25',
      durationS: 60.75,
      records: 3,
      bytesPerSample: 3,
      warnings: [],
      segments: [
        { startS: 0, durationS: 1, firstRecord: 0, records: 2 },
        { startS: 60.25, durationS: 0.5, firstRecord: 2, records: 1 },
      ],
      annotations: [
        { onsetS: 0.25, durationS: 2, text: 'Anfälle' },
        { onsetS: 60.5, durationS: null, text: 'b' },
        { onsetS: 60.5, durationS: null, text: 'c' },
        { onsetS: 60.75, durationS: null, text: 'late' },
      ],
    });
    expect(recording.signals.map(({ label, sampleRate }) => [label, sampleRate])).toEqual([
      ['A', 4],
      ['B', 2],
    ]);
    const [before, after] = recording.segments;
    expect((await readDigital(recording, [0, 1], before!)).map((values) => Array.from(values))).toEqual([
      [-8388608, 8388607, -1, 0],
      [-100, 300],
    ]);
    expect((await readDigital(recording, [1, 0], after!)).map((values) => Array.from(values))).toEqual([
      [-70000],
      [1, 65536],
    ]);
    // A: 524287 uV over 16777215 digits. B: -40 mV over 400 digits, so -0.1 mV a digit from 10 mV at -100.
    const [a, b] = await readSignals(recording, [0, 1], { firstRecord: 0, records: 3 });
    expect(Array.from(b!)).toEqual([10, -30, expect.closeTo(10 + 69900 * 0.1, 9)]);
    [-262144, 262143].forEach((value, at) => {
      expect(a![at]).toBeCloseTo(value, 9);
    });
    expect(a![3]! - a![2]!).toBeCloseTo(524287 / 16777215, 9);
    expect(a![5]! - a![4]!).toBeCloseTo((65535 * 524287) / 16777215, 9);
  });
});

test('a BDF that leaves its number of records open, cut within one', async () => {
  const records = [int24([1, 2]), int24([3, 4])];
  const signal = { label: 'Fp1', dimension: 'uV', samplesPerRecord: 2, records };
  const whole = bdf('24BIT', '1', [{ ...signal, physical: ['-1', '1'], digital: ['-8388608', '8388607'] }]);
  whole.write('-1      ', 236);
  await inFolder(async (folder) => {
    const recording = await openEdf(await store(folder, whole.subarray(0, -2), 'a.bdf'));
    expect(recording).toMatchObject({ kind: 'BDF', records: 1, durationS: 1 });
    expect(recording.warnings.map(({ code }) => code)).toEqual(['EDF_RECORDS_UNKNOWN', 'EDF_TRAILING']);
    expect(Array.from((await readDigital(recording, [0], recording.segments[0]!))[0]!)).toEqual([1, 2]);
  });
});
