import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { isSeizureLabel, readBidsEvents, readChbmitSummary, readTuszCsv } from './index.ts';
import { TERM, temporaryFolder } from './testing/files.ts';

const { store } = temporaryFolder();

test('damaged files are read or refused, never anything else', async () => {
  const sources = [
    { name: 'fuzz.csv_bi', text: TERM, read: readTuszCsv },
    {
      name: 'fuzz_events.tsv',
      text: 'onset\tduration\teventType\trecordingDuration\n1\t2\tsz\t60\n5\t2\tbckg\t60\n',
      read: readBidsEvents,
    },
    {
      name: 'fuzz-summary.txt',
      text: 'File Name: a.edf\nNumber of Seizures in File: 1\nSeizure 1 Start Time: 1 seconds\nSeizure 1 End Time: 9 seconds\n',
      read: (path: string) => readChbmitSummary(path, 'a.edf'),
    },
  ];
  const piece = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom('\n', '\t', ',', '#', '-', '1e999', 'NaN', 'seiz', '\u0000', 'File Name: a.edf\n'),
  );
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(20), piece), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sources), damage, async ({ name, text, read }, edits) => {
      let content = text;
      for (const [place, length, insert] of edits) {
        const at = place % (content.length + 1);
        content = content.slice(0, at) + insert + content.slice(at + length);
      }
      const path = await store(name, content);
      try {
        const annotation = await read(path);
        for (const { startS, endS, label } of annotation?.events ?? []) {
          expect(endS).toBeGreaterThan(startS);
          expect(isSeizureLabel(label)).not.toBeNull();
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        expect(error.message.startsWith(path)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});
