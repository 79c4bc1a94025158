import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EdfRecording, openEdf, readDigital, recordsWithin, sampleSeconds } from './index.ts';
import { joinRecords } from './segments.ts';
import { DIGITAL, FIELD, inFolder, smallRecording, store } from './testing/damage.ts';

/** Segments of records of 1 s of a 256 Hz recording, and the codes of its warnings. */
function joined(startsS: readonly number[], recordDurationS = 1, fastestRate = 256) {
  const warnings: { code: string; message: string }[] = [];
  const segments = joinRecords(startsS, { recordDurationS, fastestRate }, 'x.edf', warnings);
  return { segments, warnings };
}

/** `count` times from `first` on, `step` apart, as a writer prints them. */
const times = (first: number, step: number, count: number, digits = 6) =>
  Array.from({ length: count }, (_, index) => Number((first + index * step).toFixed(digits)));

describe('a clock that drifts', () => {
  test.each([
    ['100 ppm slow over an hour', 1.0001, 3600],
    ['50 ppm fast over an hour', 0.99995, 3600],
    ['a rate of 255 Hz called 256', 256 / 255, 50],
    ['a rate of 258 Hz called 256', 256 / 258, 50],
  ])('%s: one segment before the hole and one after it, each by its own times', (_, step, count) => {
    const starts = [...times(0, step, count), ...times(5000.37, step, count)];
    const { segments, warnings } = joined(starts);
    expect(segments.map(({ firstRecord, records }) => [firstRecord, records])).toEqual([
      [0, count],
      [count, count],
    ]);
    for (const [index, startS] of [0, 5000.37].entries()) {
      expect(segments[index]!.startS).toBe(startS);
      expect(segments[index]!.durationS).toBeCloseTo(count * step, 4);
      expect(segments[index]!.recordStartsS).toEqual(starts.slice(index * count, (index + 1) * count));
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.code).toBe('EDF_DRIFT');
  });

  test('what the warning says', () => {
    expect(joined([...times(0, 1.0001, 100), ...times(200, 1.001, 100)]).warnings).toEqual([
      {
        code: 'EDF_DRIFT',
        message:
          'by their own times the 100 data records from 200 s on take 0.1000 s more than 100 times 1 s, and 1 other segments drift too; times follow the records',
      },
    ]);
  });

  test('the clock may change its rate, also at the hole', () => {
    const first = times(0, 1.004, 10);
    const starts = [...first, ...times(10.04, 0.997, 10), ...times(99, 1, 3)];
    const { segments } = joined(starts);
    expect(
      segments.map(({ firstRecord, records, recordStartsS }) => [firstRecord, records, recordStartsS?.[10]]),
    ).toEqual([
      [0, 20, 10.04],
      [20, 3, undefined],
    ]);
    // Half a record after the one at 10.04 s, ten and a half seconds of samples have been taken.
    expect(sampleSeconds({ recordDurationS: 1 }, segments[0]!, 10.04 + 0.997 / 2)).toBeCloseTo(10.5, 12);
    expect(sampleSeconds({ recordDurationS: 1 }, segments[1]!, 100.25)).toBe(1.25);
  });

  test('rounded times are no drift, whatever the duration of records', () => {
    for (const duration of [1 / 3, 0.7, 1, 2 / 3]) {
      const { segments, warnings } = joined(times(0, duration, 1000, 3), duration, 2000);
      expect(segments).toEqual([{ startS: 0, durationS: 1000 * duration, firstRecord: 0, records: 1000 }]);
      expect(warnings).toEqual([]);
    }
    // 1.5 ms to either side of the time, where half a sample is 1.95 ms.
    const jittering = times(0, 1, 100).map((time, index) => time + [0, 0.0015, -0.0015][index % 3]!);
    expect(joined(jittering).segments).toMatchObject([{ records: 100, durationS: 100 }]);
    // Rounded and drifting: 50 ppm.
    const { segments } = joined(times(0, 1.00005 / 3, 3000, 3), 1 / 3, 2000);
    expect(segments).toHaveLength(1);
    expect(segments[0]!.durationS).toBeCloseTo(1000.05, 2);
  });

  test('a single late record is a hole, also a short one, and a single early one contradicts', () => {
    const { segments, warnings } = joined([0, 1, 2, 3.01, 4.01, 5.01]);
    expect(segments.map(({ startS, records }) => [startS, records])).toEqual([
      [0, 3],
      [3.01, 3],
    ]);
    expect(warnings).toEqual([]);
    expect(() => joined([0, 1, 2, 2.99, 3.99])).toThrow(/record 3 starts at 2.99 s, before .* ends \(3 s\)/);
    // Beyond 2 % also what repeats is no clock: holes, or a contradiction.
    expect(joined(times(0, 1.03, 4)).segments).toHaveLength(4);
    expect(() => joined(times(0, 0.97, 4))).toThrow(/record 1 starts at 0.97 s/);
  });

  test('a segment ends where the next begins at the latest', () => {
    const { segments } = joined([...times(0, 1.015, 5), 5.067, 6.067]);
    expect(segments.map(({ records }) => records)).toEqual([5, 2]);
    // The last record began at 4.06 s and would last to 5.075 s.
    expect(segments[0]!.durationS).toBe(5.067);
  });

  test('any times: records are kept in order, segments do not overlap, times of records come back', () => {
    const duration = fc.constantFrom(0.001, 0.1, 1, 7.5);
    const steps = fc.array(
      fc.oneof(fc.constantFrom(1, 1.0001, 0.9999, 1.01, 0.99), fc.double({ min: 1, max: 3, noNaN: true })),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(duration, steps, fc.constantFrom(0, 1, 256, 5000), (recordDurationS, factors, rate) => {
        const starts = [0];
        for (const factor of factors) starts.push(starts.at(-1)! + factor * recordDurationS);
        let segments: ReturnType<typeof joined>['segments'];
        try {
          ({ segments } = joined(starts, recordDurationS, rate));
        } catch (error) {
          expect(error).toMatchObject({ code: 'EDF_TIME' });
          return;
        }
        let record = 0;
        for (const [index, segment] of segments.entries()) {
          expect(segment.firstRecord).toBe(record);
          record += segment.records;
          const next = segments[index + 1];
          // Without drift a segment's own length is within a tolerance of the next one's start.
          if (next !== undefined)
            expect(segment.startS + segment.durationS).toBeLessThanOrEqual(next.startS + recordDurationS / 2);
          for (let at = 0; at < segment.records; at++) {
            const seconds = sampleSeconds({ recordDurationS }, segment, starts[segment.firstRecord + at]!);
            expect(Math.abs(seconds - at * recordDurationS)).toBeLessThanOrEqual(recordDurationS / 2);
          }
        }
        expect(record).toBe(starts.length);
      }),
      { numRuns: 2000 },
    );
  });
});

/** The small recording as EDF+D whose three records start at these times. */
async function recordedAt(folder: string, startsS: readonly string[]): Promise<EdfRecording> {
  const file = await smallRecording(folder, true);
  file.put(FIELD.reserved, 44, 'EDF+D');
  const recordBytes = (file.bytes.length - 1024) / 3;
  startsS.forEach((time, record) => {
    const at = 1024 + record * recordBytes + 12;
    const text = record === 1 ? `${time}\x14\x14\0+1.5\x14sz\x14\0` : `${time}\x14\x14\0`;
    file.bytes.fill(0, at, at + recordBytes - 12).write(text, at, 'latin1');
  });
  return openEdf(await store(folder, file.bytes));
}

test('in a file: the samples are untouched, times and cuts follow the records', async () => {
  await inFolder(async (folder) => {
    // 4 and 2 samples a second: half a sample is 0.125 s, so drift shows from there on.
    const recording = await recordedAt(folder, ['+0', '+1.1', '+2.2']);
    expect(recording.warnings.map(({ code }) => code)).toEqual(['EDF_DRIFT']);
    const [segment] = recording.segments;
    expect(recording.segments).toEqual([
      {
        startS: 0,
        durationS: expect.closeTo(3.3, 9),
        firstRecord: 0,
        records: 3,
        recordStartsS: [0, 1.1, 2.2],
      },
    ]);
    expect(recording.durationS).toBeCloseTo(3.3, 9);
    expect(recording.annotations).toEqual([{ onsetS: 1.5, durationS: null, text: 'sz' }]);
    const [a] = await readDigital(recording, [0], segment!);
    expect(Array.from(a!)).toEqual(DIGITAL.A);
    expect(recordsWithin(recording, segment!, 1.05, 3.4)).toEqual({
      startS: 1.1,
      durationS: expect.closeTo(2.2, 9),
      firstRecord: 1,
      records: 2,
      recordStartsS: [1.1, 2.2],
    });
    expect(recordsWithin(recording, segment!, 1, 2.21)).toEqual({
      startS: 1.1,
      durationS: expect.closeTo(1.1, 9),
      firstRecord: 1,
      records: 1,
      recordStartsS: [1.1],
    });
  });
});
