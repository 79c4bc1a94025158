import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EdfRecording, EdfTal } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import {
  edfPlusAnnotation,
  labelRules,
  readBgbJson,
  readBidsEvents,
  readChbmitSummary,
  readSienaList,
  readTuszCsv,
} from './index.ts';
import { TERM, temporaryFolder } from './testing/files.ts';

const { store } = temporaryFolder();

const SIENA = { path: '/data/PN01-1.edf', startedAt: '2016-01-01T23:50:00', durationS: 3600 };

test('damaged files are read or refused, never anything else', async () => {
  const sources = [
    { name: 'fuzz.csv_bi', text: TERM, read: (path: string) => readTuszCsv(path) },
    {
      name: 'fuzz_events.tsv',
      text: 'onset\tduration\teventType\trecordingDuration\n1\t2\tsz\t60\n5\t2\tbckg\t60\n',
      read: (path: string) => readBidsEvents(path),
    },
    {
      name: 'fuzz.seizures.json',
      text: '{"format":"bgb-annotation","version":1,"recording":"a","duration_s":60,"events":[{"start_s":1,"end_s":2,"label":"sz"}]}',
      read: (path: string) => readBgbJson(path),
    },
    {
      name: 'fuzz-summary.txt',
      text: 'File Name: a.edf\nNumber of Seizures in File: 1\nSeizure 1 Start Time: 1 seconds\nSeizure 1 End Time: 9 seconds\n',
      read: (path: string) => readChbmitSummary(path, 'a.edf'),
    },
    {
      name: 'Seizures-list-fuzz.txt',
      text: 'PN01\nSeizure n 1:\nFile name: PN01-1.edf\nRegistration start time: 23.50.00\nRegistration end time: 00.50.00\nSeizure start time: 23.59.00\nSeizure end time:00.01.06\n',
      read: (path: string) => readSienaList(path, SIENA, new Set(['PN01-1.edf', 'PN01-2.edf'])),
    },
  ];
  const piece = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom(
      '\n',
      '\t',
      ',',
      '#',
      '-',
      '1e999',
      'NaN',
      'seiz',
      '1 6.49.25',
      '24:00:00',
      'Seizure n 2\n',
      '\u0000',
      'File Name: a.edf\n',
    ),
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
        for (const { startS, endS, label, meaning } of annotation?.events ?? []) {
          expect(endS).toBeGreaterThan(startS);
          expect(labelRules().meaningOf(label)).toBe(meaning);
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        expect(error.message.startsWith(path)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test('lines of any text, and EDF+ annotations of any text', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      'channel,start_time,stop_time,label,confidence',
      'TERM,0,1,seiz,1',
      '# duration = 5',
      'onset\tduration\teventType',
      '1\t1\tsz',
      'File Name: a.edf',
      'Number of Seizures in File: 1',
      'Seizure Start Time: 1 seconds',
      'Seizure 2 End Time:  2 seconds',
      'File name: PN01-1.edf',
      'Registration start time: 23.50.00',
      'Start time: 23:59.00',
      'Seizure end time:00.01.06',
      'Seizure n 1 (in sleep):',
    ),
  );
  const readers = [
    (path: string) => readTuszCsv(path),
    (path: string) => readBidsEvents(path),
    (path: string) => readChbmitSummary(path, 'a.edf'),
    (path: string) => readSienaList(path, SIENA, new Set(['PN01-1.edf'])),
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...readers), fc.array(line, { maxLength: 8 }), async (read, lines) => {
      const path = await store('lines.txt', lines.join('\n'));
      await read(path).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        expect(error.message.startsWith(path)).toBe(true);
      });
    }),
    { numRuns: 500 },
  );
  const text = fc.oneof(fc.string(), fc.constantFrom('seizure', 'SZ', 'sz_foc', 'bckg', '__proto__'));
  const tal: fc.Arbitrary<EdfTal> = fc.record({
    onsetS: fc.double(),
    durationS: fc.option(fc.double({ min: 0 })),
    text,
  });
  fc.assert(
    fc.property(fc.array(tal), (annotations: readonly EdfTal[]) => {
      try {
        edfPlusAnnotation({ path: 'a.edf', annotations } as EdfRecording);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
  );
});

// A line that is gone over again from each place takes minutes, of 480 that take some ms: the time limit is the test.
test('lines of a megabyte, whatever they are made of, are read or refused', async () => {
  const columns = 'channel,start_time,stop_time,label,confidence';
  const beginnings = [
    `${columns}\nTERM,0,1,seiz,1\n# duration = 1`,
    `${columns}\nTERM,0,1,seiz,1`,
    `${columns}\nTERM,1`,
    'onset\tduration\teventType\tchannels\n1\t1\tsz\t',
    'File Name: a.edf\nSeizure',
    'File Name: a.edf\nSeizure Start Time: 1',
    'File name: PN01-1.edf\nSeizure',
    'File name: PN01-1.edf\nSeizure n 1',
    'File name: PN01-1.edf\nStart time: 1',
    '',
  ];
  const fillings = [' ', '\t', '9', 'a', ',', 'seizure', 'start', '1 ', '1.', '\u00a0', '# ', '='];
  const readers = [
    (path: string) => readTuszCsv(path),
    (path: string) => readBidsEvents(path),
    (path: string) => readChbmitSummary(path, 'a.edf'),
    (path: string) => readSienaList(path, SIENA, new Set(['PN01-1.edf', 'PN01-2.edf'])),
  ];
  for (const beginning of beginnings)
    for (const filling of fillings) {
      const long = filling.repeat(Math.ceil(2 ** 20 / filling.length));
      const path = await store('long.txt', `${beginning}${long}x\nSeizure End Time: 2 seconds\n`);
      for (const read of readers) {
        await read(path).catch((error: unknown) => {
          if (!(error instanceof InputError)) throw error;
        });
      }
    }
}, 200_000);
