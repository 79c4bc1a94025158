import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTuszCsv, writeCsvBi } from './index.ts';
import { refuses, temporaryFolder } from './testing/files.ts';

const { path: inFolder } = temporaryFolder();

describe('.csv_bi as written', () => {
  test('has the form that TUSZ has', async () => {
    const path = inFolder('written.csv_bi');
    await writeCsvBi(path, {
      name: 'written',
      durationS: 60,
      events: [
        { startS: 40, endS: 60, confidence: 1 },
        { startS: 10, endS: 20.5, confidence: 0.25 },
      ],
    });
    expect((await readTuszCsv(path)).events.map(({ startS, endS, label }) => [startS, endS, label])).toEqual([
      [0, 10, 'bckg'],
      [10, 20.5, 'seiz'],
      [20.5, 40, 'bckg'],
      [40, 60, 'seiz'],
    ]);
  });

  test('a planted event comes back, and events and background tile the recording', async () => {
    const path = inFolder('property.csv_bi');
    const marks = fc.uniqueArray(fc.integer({ min: 0, max: 36_000_000 }), { minLength: 0, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(marks, async (places) => {
        const times = places.sort((a, b) => a - b).map((place) => place / 1e4);
        const events = Array.from({ length: times.length >> 1 }, (_, index) => ({
          startS: times[2 * index]!,
          endS: times[2 * index + 1]!,
          confidence: 0.5,
        }));
        await writeCsvBi(path, { name: 'property', durationS: 3600, events });
        const read = await readTuszCsv(path);
        expect(read.durationS).toBe(3600);
        expect(read.notices).toEqual([]);
        const seizures = read.events.filter(({ label }) => label === 'seiz');
        expect(seizures.map(({ startS, endS }) => [startS, endS])).toEqual(
          events.map(({ startS, endS }) => [startS, endS]),
        );
        let at = 0;
        for (const { startS, endS } of read.events) {
          expect(startS).toBe(at);
          at = endS;
        }
        expect(at).toBe(3600);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [
      'overlap',
      [
        { startS: 0, endS: 5, confidence: 1 },
        { startS: 4, endS: 6, confidence: 1 },
      ],
      /do not overlap/,
    ],
    ['past the end', [{ startS: 55, endS: 61, confidence: 1 }], /within 0-60 s .* found 55-61 s/],
    ['after the end', [{ startS: 70, endS: 80, confidence: 1 }], /within 0-60 s .* found 70-80 s/],
    ['before the start', [{ startS: -5, endS: 3, confidence: 1 }], /within 0-60 s .* found -5-3 s/],
    ['reversed', [{ startS: 5, endS: 4, confidence: 1 }], /ends after it starts/],
    ['too short', [{ startS: 5, endS: 5.00001, confidence: 1 }], /ends after it starts/],
    ['a confidence of 2', [{ startS: 5, endS: 6, confidence: 2 }], /from 0 to 1, found 2/],
    ['not a number', [{ startS: 5, endS: Number.NaN, confidence: 1 }], /ends after it starts/],
  ])('refuses events: %s', async (_, events, message) => {
    await expect(
      writeCsvBi(inFolder('bad.csv_bi'), { name: 'bad', durationS: 60, events }),
    ).rejects.toMatchObject(refuses('ANNOTATION_WRITE', message));
  });
});
