import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import {
  edfPlusAnnotation,
  isSeizureLabel,
  readBidsEvents,
  readChbmitSummary,
  readTuszCsv,
  writeCsvBi,
} from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-annotations-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function store(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const refuses = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

const TERM = `# version = csv_v1.0.0
# bname = aaaaaajy_s001_t000
# duration = 1750.00 secs
# montage_file = nedc_eas_default_montage.txt
#
channel,start_time,stop_time,label,confidence
TERM,0.0000,10.2775,bckg,1.0000
TERM,10.2775,35.7775,seiz,1.0000
TERM,35.7775,1750.0000,bckg,0.5
`;

describe('TUSZ', () => {
  test('.csv_bi: events, duration, all channels', async () => {
    const path = await store('aaaaaajy_s001_t000.csv_bi', TERM);
    expect(await readTuszCsv(path)).toEqual({
      format: 'tusz-csv_bi',
      path,
      durationS: 1750,
      events: [
        { startS: 0, endS: 10.2775, label: 'bckg', channels: null, confidence: 1 },
        { startS: 10.2775, endS: 35.7775, label: 'seiz', channels: null, confidence: 1 },
        { startS: 35.7775, endS: 1750, label: 'bckg', channels: null, confidence: 0.5 },
      ],
      notices: [],
    });
  });

  test('.csv: a row for each channel, Windows line ends and a byte-order mark', async () => {
    const rows =
      '\ufeff# duration = 20 secs\r\nchannel,start_time,stop_time,label,confidence\r\nFP1-F7,1,3,fnsz,1\r\n';
    const { format, events } = await readTuszCsv(await store('a.csv', rows));
    expect(format).toBe('tusz-csv');
    expect(events).toEqual([{ startS: 1, endS: 3, label: 'fnsz', channels: ['FP1-F7'], confidence: 1 }]);
  });

  test.each([
    [
      'a column too few (failures A1)',
      'TERM,10.2775,35.7775,seiz,1.0000',
      'TERM,10.2775,seiz,1.0',
      'ANNOTATION_LINE',
      /:8: expected 5 values .* found 4/,
    ],
    [
      'columns read off by one (failures A1)',
      'TERM,10.2775,35.7775,seiz,1.0000',
      '8,TERM,10.2775,35.7775,seiz',
      'ANNOTATION_LINE',
      /:8: expected a start time in seconds, found 'TERM'/,
    ],
    [
      'an unknown label (failures A2)',
      'seiz',
      'sizure',
      'ANNOTATION_LABEL',
      /:8: the label 'sizure' is not known/,
    ],
    [
      'an end before the start',
      '35.7775,seiz',
      '9.5,seiz',
      'ANNOTATION_LINE',
      /:8: expected 'seiz' to end after it starts, found 10\.2775 s to 9\.5 s/,
    ],
    [
      'a seizure without duration',
      '35.7775,seiz',
      '10.2775,seiz',
      'ANNOTATION_LINE',
      /:8: expected 'seiz' to end/,
    ],
    [
      'a hexadecimal time',
      '35.7775,seiz',
      '0x40,seiz',
      'ANNOTATION_LINE',
      /:8: expected a stop time .* '0x40'/,
    ],
    [
      'a confidence above 1',
      'seiz,1.0000',
      'seiz,1.5',
      'ANNOTATION_LINE',
      /:8: expected a confidence .* found 1\.5/,
    ],
    ['no channel', 'TERM,10.2775', ',10.2775', 'ANNOTATION_LINE', /:8: expected a channel/],
    [
      'a duration that is none',
      '1750.00 secs',
      'long',
      'ANNOTATION_LINE',
      /:3: expected a duration in seconds, found 'long'/,
    ],
    [
      'a negative duration',
      '1750.00 secs',
      '-1 secs',
      'ANNOTATION_LINE',
      /:3: expected a duration above 0 s/,
    ],
    ['other columns', 'channel,start_time', 'channel,onset', 'ANNOTATION_LINE', /:6: expected the columns/],
  ])('refuses %s, with file and line', async (_, from, to, code, message) => {
    const path = await store('bad.csv_bi', TERM.replace(from, to));
    await expect(readTuszCsv(path)).rejects.toMatchObject(refuses(code, message));
    await expect(readTuszCsv(path)).rejects.toThrow(path);
  });

  test('refuses a file that was cut off ahead of its rows: it is not "no seizure"', async () => {
    const head = TERM.slice(0, TERM.indexOf('TERM'));
    await expect(readTuszCsv(await store('cut.csv_bi', head))).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:6: expected events after the columns, found none/),
    );
    await expect(readTuszCsv(await store('cut.csv_bi', ''))).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /found 'nothing'/),
    );
  });

  test('refuses bytes that are not UTF-8, and a missing file', async () => {
    const path = await store('binary.csv', Buffer.from([0x23, 0xff, 0xfe]));
    await expect(readTuszCsv(path)).rejects.toMatchObject(refuses('ANNOTATION_READ', /UTF-8/));
    await expect(readTuszCsv(`${path}.none`)).rejects.toMatchObject(refuses('ANNOTATION_READ', /ENOENT/));
  });

  test('says what the comments leave in doubt', async () => {
    const text = TERM.replace('csv_v1.0.0', 'csv_v2.0.0').replace('# duration = 1750.00 secs\n', '');
    const { notices, durationS } = await readTuszCsv(await store('other.csv_bi', text));
    expect(durationS).toBeNull();
    expect(notices.map(({ code }) => code)).toEqual([
      'ANNOTATION_VERSION',
      'ANNOTATION_NAME',
      'ANNOTATION_NO_DURATION',
    ]);
    for (const { message } of notices) expect(message).not.toContain(folder);
  });
});

describe('CHB-MIT summary', () => {
  test('times of the named recording, with and without numbers', async () => {
    const first = await readChbmitSummary(fixture('chb01-summary.txt'), '/data/chb01/chb01_03.edf');
    expect(first?.events).toMatchObject([{ startS: 2996, endS: 3036, label: 'seiz' }]);
    const several = await readChbmitSummary(fixture('chb24-summary.txt'), 'chb24_01.edf');
    expect(several?.events).toMatchObject([
      { startS: 480, endS: 505 },
      { startS: 2451, endS: 2476 },
    ]);
  });

  test('a recording without seizures has no events; one that is not named has no annotation', async () => {
    const none = await readChbmitSummary(fixture('chb01-summary.txt'), 'chb01_01.edf');
    expect(none).toMatchObject({ format: 'chbmit-summary', events: [], durationS: null });
    expect(await readChbmitSummary(fixture('chb01-summary.txt'), 'chb02_01.edf')).toBeNull();
  });

  const block = (lines: string) =>
    store(
      'chb01-summary.txt',
      `File Name: a.edf\n${lines}\nFile Name: b.edf\nNumber of Seizures in File: 0\n`,
    );
  test.each([
    [
      'fewer times than seizures',
      'Number of Seizures in File: 2\nSeizure Start Time: 1 seconds\nSeizure End Time: 2 seconds',
      /:1: expected 2 seizures of a\.edf, found 1/,
    ],
    [
      'times without a number of seizures',
      'Seizure Start Time: 1 seconds\nSeizure End Time: 2 seconds',
      /expected a number of seizures/,
    ],
    [
      'a start without end',
      'Number of Seizures in File: 1\nSeizure Start Time: 1 seconds',
      /expected 1 seizures of a\.edf, found 0/,
    ],
    [
      'two starts',
      'Seizure Start Time: 1 seconds\nSeizure Start Time: 3 seconds',
      /:3: expected the end of the seizure that starts at 1 s/,
    ],
    ['an end without start', 'Seizure End Time: 1 seconds', /:2: expected a start time/],
    [
      'another wording',
      'Number of Seizures in File: 1\nSeizure onset: 1 seconds',
      /:3: expected 'Seizure Start Time/,
    ],
    [
      'a number of seizures that is none',
      'Number of Seizures in File: none',
      /:2: expected 'Seizure Start Time/,
    ],
    [
      'an end before the start',
      'Number of Seizures in File: 1\nSeizure 1 Start Time: 9 seconds\nSeizure 1 End Time: 2 seconds',
      /:3: expected 'seiz' to end after it starts, found 9 s to 2 s/,
    ],
    [
      'the recording twice',
      'Number of Seizures in File: 0\nFile Name: a.edf\nNumber of Seizures in File: 1',
      /:3: expected one block/,
    ],
  ])('refuses %s', async (_, lines, message) => {
    await expect(readChbmitSummary(await block(lines), 'a.edf')).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', message),
    );
  });
});

describe('BIDS events', () => {
  const HEADER = 'onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration';
  const events = (rows: string) =>
    store('sub-01_task-szMonitoring_run-01_events.tsv', `${HEADER}\n${rows}\n`);

  test('types, channels, confidence, duration of the recording', async () => {
    const path = await events(
      '10.50\t4.25\tsz_foc_ia_nm\t0.90\tF7,T3\t2000-01-01 00:00:00\t3600.00\n20.00\t5.00\timpd\tn/a\tn/a\tn/a\t3600.00',
    );
    expect(await readBidsEvents(path)).toEqual({
      format: 'bids-events',
      path,
      durationS: 3600,
      events: [
        { startS: 10.5, endS: 14.75, label: 'sz_foc_ia_nm', channels: ['F7', 'T3'], confidence: 0.9 },
        { startS: 20, endS: 25, label: 'impd', channels: null, confidence: null },
      ],
      notices: [],
    });
  });

  test('an event of no duration that is no seizure is left out, with a notice', async () => {
    const rows = '5\t0.00\timpd\tn/a\tn/a\tn/a\tn/a\n0\t60\tbckg\tn/a\tn/a\tn/a\tn/a';
    const { events: found, notices } = await readBidsEvents(await events(rows));
    expect(found.map(({ label }) => label)).toEqual(['bckg']);
    expect(notices).toMatchObject([
      { code: 'ANNOTATION_EMPTY_EVENT', message: expect.stringMatching(/tsv:2: /) },
    ]);
  });

  test.each([
    [
      'a negative duration (SeizeIT2 has some)',
      '51968.00\t-40258.00\timpd\tn/a\tn/a\tn/a\t52321.00',
      'ANNOTATION_LINE',
      /:2: expected 'impd' to end after it starts, found 51968 s to 11710 s/,
    ],
    [
      'no onset',
      'n/a\t1\tsz\tn/a\tn/a\tn/a\tn/a',
      'ANNOTATION_LINE',
      /:2: expected an onset in seconds, found 'n\/a'/,
    ],
    ['an unknown type', '1\t1\tspike\tn/a\tn/a\tn/a\tn/a', 'ANNOTATION_LABEL', /:2: the label 'spike'/],
    ['no type', '1\t1\tn/a\tn/a\tn/a\tn/a\tn/a', 'ANNOTATION_LABEL', /:2: the label 'n\/a'/],
    [
      'spaces instead of tabs',
      '1 1 sz n/a n/a n/a n/a',
      'ANNOTATION_LINE',
      /:2: expected 7 tab-separated values .* found 1/,
    ],
    [
      'rows of two recordings',
      '1\t1\tsz\tn/a\tn/a\tn/a\t10\n1\t1\tsz\tn/a\tn/a\tn/a\t20',
      'ANNOTATION_LINE',
      /:3: expected the recordingDuration of the rows before, 10 s, found 20 s/,
    ],
    ['no rows', '', 'ANNOTATION_LINE', /:1: expected events after the header/],
  ])('refuses %s', async (_, rows, code, message) => {
    await expect(readBidsEvents(await events(rows))).rejects.toMatchObject(refuses(code, message));
  });

  test('refuses a file without the columns it needs', async () => {
    const path = await store('x_events.tsv', 'onset\tduration\ttrial_type\n1\t1\tsz\n');
    await expect(readBidsEvents(path)).rejects.toMatchObject(refuses('ANNOTATION_LINE', /:1: .*'eventType'/));
  });
});

describe('EDF+ annotations', () => {
  type Recording = Parameters<typeof edfPlusAnnotation>[0];
  const recording = (...annotations: Recording['annotations']) =>
    ({ path: 'a.edf', annotations }) as Recording;

  test('seizures by their text; other texts are counted, and quoted where they speak of seizures', () => {
    const found = edfPlusAnnotation(
      recording(
        { onsetS: 1, durationS: 2, text: 'Seizure' },
        { onsetS: 5, durationS: null, text: 'Lights off' },
        { onsetS: 6, durationS: null, text: 'end of seizure' },
      ),
    );
    expect(found?.events).toEqual([
      { startS: 1, endS: 3, label: 'Seizure', channels: null, confidence: null },
    ]);
    expect(found?.notices).toEqual([
      {
        code: 'ANNOTATION_OTHER_TEXTS',
        message: "2 EDF+ annotations are no seizure labels, among them 'end of seizure'",
      },
    ]);
  });

  test('notes of a technician are no annotation: unlabelled is not seizure-free (failures A5)', () => {
    expect(edfPlusAnnotation(recording())).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 3, durationS: 4, text: 'chew' }))).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 3, durationS: null, text: 'Recording starts' }))).toBeNull();
    expect(edfPlusAnnotation(recording({ onsetS: 0, durationS: 60, text: 'bckg' }))).toMatchObject({
      events: [{ label: 'bckg' }],
    });
  });

  test('refuses a seizure without duration', () => {
    expect(() => edfPlusAnnotation(recording({ onsetS: 3, durationS: null, text: 'sz' }))).toThrow(
      /a\.edf: the EDF\+ annotation 'sz' at 3 s states no duration/,
    );
  });
});

describe('labels', () => {
  const seizures =
    'seiz fnsz gnsz spsz cpsz absz tnsz cnsz tcsz atsz mysz nesz sz sz_foc_ia sz-gen SEIZ seizure';
  test.each(seizures.split(' '))('%s is a seizure', (label) => {
    expect(isSeizureLabel(label)).toBe(true);
  });
  test.each('bckg null artf eyem musc_elec spsw impd eybl'.split(' '))('%s is none', (label) => {
    expect(isSeizureLabel(label)).toBe(false);
  });
  test.each(['', 'sizure', 'szx', 'seizures', 'n/a', 'constructor'])("'%s' is unknown", (label) => {
    expect(isSeizureLabel(label)).toBeNull();
  });
});

describe('.csv_bi as written', () => {
  test('has the form that TUSZ has', async () => {
    const path = join(folder, 'written.csv_bi');
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
    const path = join(folder, 'property.csv_bi');
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
    ['outside', [{ startS: 55, endS: 61, confidence: 1 }], /within 0-60 s/],
    ['reversed', [{ startS: 5, endS: 4, confidence: 1 }], /ends after it starts/],
    ['too short', [{ startS: 5, endS: 5.00001, confidence: 1 }], /ends after it starts/],
    ['a confidence of 2', [{ startS: 5, endS: 6, confidence: 2 }], /from 0 to 1, found 2/],
    ['not a number', [{ startS: 5, endS: Number.NaN, confidence: 1 }], /ends after it starts/],
  ])('refuses events: %s', async (_, events, message) => {
    await expect(
      writeCsvBi(join(folder, 'bad.csv_bi'), { name: 'bad', durationS: 60, events }),
    ).rejects.toMatchObject(refuses('ANNOTATION_WRITE', message));
  });
});

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
