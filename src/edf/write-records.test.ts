import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openEdf } from './open.ts';
import { readDigital } from './read.ts';
import { type EdfToWrite, writeEdf } from './write.ts';
import { type EdfByRecords, writeEdfRecords } from './write-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-edf-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base = {
  patient: 'X X X X',
  recording: 'by records',
  startedAt: '2005-02-03T04:05:06',
  recordDurationS: 1,
} satisfies Partial<EdfToWrite>;

const signal = (label: string, samplesPerRecord: number) => ({
  label,
  dimension: 'uV',
  physicalMin: -5000,
  physicalMax: 5000,
  digitalMin: -32767,
  digitalMax: 32767,
  samplesPerRecord,
});

/** Any value of 16 bits, by signal and sample. */
const value = (index: number, sample: number) => ((index * 7919 + sample * 104_729) % 65_536) - 32_768;

function byRecords(rates: readonly number[], records: number): EdfByRecords {
  return {
    ...base,
    records,
    signals: rates.map((rate, index) => signal(`S${index}`, rate)),
    fill: (record, samples) => {
      let at = 0;
      rates.forEach((rate, index) => {
        for (let i = 0; i < rate; i++) samples[at++] = value(index, record * rate + i);
      });
    },
  };
}

test('property: the same bytes as when all samples are given at once, and readable', async () => {
  const rate = fc.integer({ min: 1, max: 600 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(rate, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 12 }),
      async (rates, records) => {
        const [one, other] = [join(folder, 'one.edf'), join(folder, 'other.edf')];
        await writeEdfRecords(one, byRecords(rates, records));
        const signals = rates.map((samples, index) => ({
          ...signal(`S${index}`, samples),
          digital: Int32Array.from({ length: samples * records }, (_, sample) => value(index, sample)),
        }));
        await writeEdf(other, { ...base, signals });
        expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
        const recording = await openEdf(one);
        const read = await readDigital(recording, [0], recording.segments[0]!);
        expect(read[0]).toEqual(signals[0]!.digital);
      },
    ),
    { numRuns: 30 },
  );
});

test('more than one chunk', async () => {
  // 1 MiB holds 26 records of 20,000 samples.
  const path = join(folder, 'long.edf');
  await writeEdfRecords(path, byRecords([20_000], 60));
  const recording = await openEdf(path);
  const [read] = await readDigital(recording, [0], recording.segments[0]!);
  expect(read).toEqual(Int32Array.from({ length: 1_200_000 }, (_, sample) => value(0, sample)));
});

test('fill is asked for each record once, in order; what it throws leaves nothing', async () => {
  const asked: number[] = [];
  const path = join(folder, 'stopped/a.edf');
  const writing = writeEdfRecords(path, {
    ...byRecords([40_000], 40),
    fill: (record) => {
      asked.push(record);
      if (record === 30) throw new Error('enough');
    },
  });
  await expect(writing).rejects.toThrow('enough');
  expect(asked).toEqual(Array.from({ length: 31 }, (_, record) => record));
  expect(readdirSync(join(folder, 'stopped'))).toEqual([]);
});

test.each([
  [{ signals: [] }, 'a recording needs a signal'],
  [{ records: 0 }, 'a file of 0 data records'],
  [{ records: 1.5 }, 'a file of 1.5 data records'],
  [{ recordDurationS: 0 }, 'the duration of a data record is 0 s'],
  [{ startedAt: '2005-02-03T04:05:06.5' }, 'needs EDF+'],
  [{ startedAt: 'yesterday' }, "the start 'yesterday'"],
  [
    { patient: 'a name that is far too long for the field of eighty bytes that the format has for it, alas' },
    'at most 80 bytes',
  ],
])('refused: %o', async (change, message) => {
  const path = join(folder, 'refused/a.edf');
  await expect(writeEdfRecords(path, { ...byRecords([4], 2), ...change })).rejects.toThrow(message);
});
