import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readTuszCsv } from './tusz-csv.ts';
import { writeTuszCsv } from './write-tusz-csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-tusz-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'a.csv');

test('the lines of a file, as TUSZ has them', async () => {
  await writeTuszCsv(path, {
    name: 'a',
    durationS: 100,
    channels: [
      { channel: 'FP1-F7', events: [{ startS: 10.5, endS: 20.25, label: 'fnsz' }] },
      { channel: 'F7-T3', events: [] },
    ],
  });
  expect(readFileSync(path, 'utf8')).toBe(
    `# version = csv_v1.0.0
# bname = a
# duration = 100.0000 secs
#
channel,start_time,stop_time,label,confidence
FP1-F7,0.0000,10.5000,bckg,1.0000
FP1-F7,10.5000,20.2500,fnsz,1.0000
FP1-F7,20.2500,100.0000,bckg,1.0000
F7-T3,0.0000,100.0000,bckg,1.0000
`,
  );
});

test('property: what is written is read, without a notice', async () => {
  const lengths = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 50_000 })),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(lengths, { minLength: 1, maxLength: 3 }), async (channels) => {
      const content = channels.map((gaps, index) => {
        let at = 0;
        return {
          channel: `C${index}-C${index + 1}`,
          events: gaps.map(([before, length]) => {
            const start = at + before;
            at = start + length;
            return { startS: start / 1e4, endS: at / 1e4, label: 'cpsz' };
          }),
        };
      });
      await writeTuszCsv(path, { name: 'a', durationS: 100, channels: content });
      const { events, notices, durationS } = await readTuszCsv(path);
      expect(notices).toEqual([]);
      expect(durationS).toBe(100);
      const read = events
        .filter(({ meaning }) => meaning === 'seizure')
        .map(({ channels: of, startS, endS }) => [of, startS, endS]);
      const written = content.flatMap(({ channel, events: of }) =>
        of.map(({ startS, endS }) => [[channel], startS, endS]),
      );
      const inOrder = (all: unknown[]) => all.map((each) => JSON.stringify(each)).sort();
      expect(inOrder(read)).toEqual(inOrder(written));
    }),
    { numRuns: 50 },
  );
});

test.each([
  [[{ startS: 5, endS: 4, label: 'fnsz' }]],
  [[{ startS: 5, endS: 101, label: 'fnsz' }]],
  [
    [
      { startS: 5, endS: 8, label: 'fnsz' },
      { startS: 7, endS: 9, label: 'fnsz' },
    ],
  ],
])('refused: %j', async (events) => {
  const other = join(folder, 'refused.csv');
  const writing = writeTuszCsv(other, {
    name: 'a',
    durationS: 100,
    channels: [{ channel: 'C3-CZ', events }],
  });
  await expect(writing).rejects.toMatchObject({ code: 'ANNOTATION_WRITE' });
});
