import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { clockText, clockTimes, secondsAfter } from './clock-time.ts';
import { readSienaList } from './index.ts';
import { refuses, temporaryFolder } from './testing/files.ts';

const { store } = temporaryFolder();

/** A recording as `readSienaList` sees it. */
const recording = (name: string, startedAt: string | null, durationS: number) => ({
  path: `/data/${name.slice(0, 4)}/${name}`,
  startedAt: startedAt === null ? null : `2016-01-01T${startedAt}`,
  durationS,
});
const spans = (found: Awaited<ReturnType<typeof readSienaList>>) =>
  found?.events.map(({ startS, endS }) => [startS, endS]);
const codes = (found: Awaited<ReturnType<typeof readSienaList>>) => found?.notices.map(({ code }) => code);

describe('lists as they are published', () => {
  const published = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const pn00 = published('Seizures-list-PN00.txt');
  const names = new Set([1, 2, 3, 4, 5].map((number) => `PN00-${number}.edf`));

  // Seconds by hand: 19.58.36 - 19.39.33 = 1143 s and so on; these are SzCORE's, too.
  test.each([
    ['PN00-1.edf', '19:39:33', 2605, 1143, 1213],
    ['PN00-2.edf', '02:18:17', 2282, 1220, 1274],
    ['PN00-4.edf', '20:51:43', 2082, 1006, 1080],
    ['PN00-5.edf', '22:22:04', 2123, 904, 971],
  ])('%s', async (name, startedAt, durationS, startS, endS) => {
    const found = await readSienaList(pn00, recording(name, startedAt, durationS), names);
    expect(found).toEqual({
      format: 'siena-list',
      path: pn00,
      durationS: null,
      events: [{ startS, endS, label: 'seiz', meaning: 'seizure', channels: null, confidence: null }],
      notices: [],
    });
  });

  test('PN00-3.edf: an end 32 minutes after the recording, one hour too late, is repaired and said', async () => {
    const found = await readSienaList(pn00, recording('PN00-3.edf', '18:15:44', 2509), names);
    // 18.28.29 to 18.29.29, as SzCORE has it.
    expect(spans(found)).toEqual([[765, 825]]);
    expect(found?.notices).toEqual([
      {
        code: 'ANNOTATION_HOUR',
        message:
          'Seizures-list-PN00.txt:58: the seizure from 18.28.29 ends at 19.29.29, after the recording; an hour earlier it would not, and 18.29.29 is taken',
      },
    ]);
  });

  test('PN16: a remark behind the number, no space before a time, a recording after midnight', async () => {
    const pn16 = published('Seizures-list-PN16.txt');
    const both = new Set(['PN16-1.edf', 'PN16-2.edf']);
    const first = await readSienaList(pn16, recording('PN16-1.edf', '20:45:21', 8303), both);
    const second = await readSienaList(pn16, recording('PN16-2.edf', '00:53:55', 9297), both);
    expect([spans(first), spans(second)]).toEqual([[[7184, 7307]], [[8574, 8681]]]);
    expect([codes(first), codes(second)]).toEqual([[], []]);
  });

  test('a recording that the list does not name', async () => {
    expect(await readSienaList(pn00, recording('PN01-1.edf', '19:00:44', 100), names)).toBeNull();
  });
});

describe('forms of the other lists', () => {
  const read = async (
    text: string,
    name: string,
    startedAt: string | null,
    durationS: number,
    siblings: readonly string[] = [name],
  ) =>
    readSienaList(
      await store('Seizures-list-PN.txt', text),
      recording(name, startedAt, durationS),
      new Set(siblings),
    );

  test('PN01: the file and its registration first, a name cut short, start and end without "seizure", midnight', async () => {
    const text =
      'PN01\n\nFile name: PN01.edf\nRegistration start time: 19.00.44\nRegistration end time: 13.08.25\n\nSeizure n 1\nStart time: 21:51:02\nEnd time: 21:51:56\n\nSeizure n 2\nStart time: 07.53.17\nEnd time: 07.54.31\n';
    const found = await read(text, 'PN01-1.edf', '19:00:44', 65_261);
    expect(spans(found)).toEqual([
      [10_218, 10_272],
      [46_353, 46_427],
    ]);
    expect(found?.notices).toEqual([
      {
        code: 'ANNOTATION_NAME',
        message: "Seizures-list-PN.txt:3: the file 'PN01.edf' is taken for PN01-1.edf",
      },
    ]);
  });

  const block = (name: string, start = '04.21.22') =>
    `Seizure n 1:\nFile name: ${name}\nRegistration start time:${start}\nSeizure start time: 05.54.25\nSeizure end time: 05.55.29\n`;

  test('PN06: the letter O for zero', async () => {
    const siblings = ['PN06-1.edf', 'PN06-2.edf'];
    const found = await read(block('PNO6-1.edf'), 'PN06-1.edf', '04:21:22', 7200, siblings);
    expect([spans(found), codes(found)]).toEqual([[[5583, 5647]], ['ANNOTATION_NAME']]);
    expect(await read(block('PNO6-1.edf'), 'PN06-2.edf', '04:21:22', 7200, siblings)).toBeNull();
  });

  test('PN11: a name without its number means the only recording, and none of two', async () => {
    const only = await read(block('PN11-.edf'), 'PN11-1.edf', '04:21:22', 7200, ['PN11-1.edf', 'notes.txt']);
    expect(spans(only)).toEqual([[5583, 5647]]);
    const two = ['PN11-1.edf', 'PN11-2.edf'];
    expect(await read(block('PN11-.edf'), 'PN11-1.edf', '04:21:22', 7200, two)).toBeNull();
    expect(await read(block('PN1.edf'), 'PN11-1.edf', '04:21:22', 7200)).toBeNull();
  });

  test('PN10: several seizures of one file, a space in a time, two times in one place', async () => {
    const at = (number: number, times: string) =>
      `Seizure n ${number}\nFile name: PN10-7.8.9.edf\n${times}\n`;
    const text = [
      at(7, 'Registration start time:1 6.49.25\nSeizure start time: 17.35.13\nSeizure end time: 17.36.01'),
      at(
        8,
        'Registration start time: 16.49.25\nSeizure start time: 18.20.24 (CLINICAL ONSET); 18.20.30 (ELECTRIC ONSET)\nSeizure end time: 18.20.42 opure 18.20.40',
      ),
      at(9, 'Seizure start time: 20.24.48\nSeizure end time: 20.25.03'),
    ].join('\n');
    const found = await read(text, 'PN10-7.8.9.edf', '16:49:25', 14_000);
    expect(spans(found)).toEqual([
      [2748, 2796],
      [5459, 5477],
      [12_923, 12_938],
    ]);
    expect(found?.notices.map(({ message }) => message)).toEqual([
      'Seizures-list-PN.txt:10: has 2 times, of which 18.20.24 is taken',
      'Seizures-list-PN.txt:11: has 2 times, of which 18.20.42 is taken',
    ]);
  });

  test('PN12: mixed separators, and registration times only in the first block of a file', async () => {
    const text =
      'Seizure n 1\nFile name: PN12-1.2.edf\nRegistration start time: 15.51.31\nSeizure start time: 16:13.23\nSeizure end time: 16.14.26\nSeizure n 2\nFile name: PN12-1.2.edf\nSeizure start time: 18.31.01\nSeizure end time: 18.32.09\n';
    const found = await read(text, 'PN12-1.2.edf', '15:51:31', 12_000);
    expect([spans(found), codes(found)]).toEqual([
      [
        [1312, 1375],
        [9570, 9638],
      ],
      [],
    ]);
  });

  test("PN14-3: a start that fits neither the recording's length nor its header gives way to the header's", async () => {
    const text =
      'Seizure n 3\nFile name: PN14-3.edf\nRegistration start time: 16.17.45\nRegistration end time: 06.57.40\nSeizure start time: 21.10.05\nSeizure end time: 21.10.46\n';
    const found = await read(text, 'PN14-3.edf', '19:17:45', 41_995);
    expect([spans(found), codes(found)]).toEqual([[[6740, 6781]], ['ANNOTATION_REGISTRATION']]);
    expect(found?.notices[0]?.message).toMatch(
      /starts at 16\.17\.45, the recording at 19\.17\.45; the latter is used/,
    );
  });

  test("PN05-3: a start 10 s from the header's is the list's, and that is said", async () => {
    const text =
      'Seizure n 3\nFile name: PN05-3.edf\nRegistration start time: 06.01.23\nRegistration end time: 08.01.23\nSeizure start time: 07.55.19\nSeizure end time: 07.55.49\n';
    const found = await read(text, 'PN05-3.edf', '06:01:13', 7220);
    expect([spans(found), codes(found)]).toEqual([[[6836, 6866]], ['ANNOTATION_REGISTRATION']]);
  });

  test('a byte-order mark, and a degree sign in another encoding', async () => {
    const text = `\ufeff${block('PN06-1.edf').replace('Seizure n 1:\n', '')}`;
    const siblings = ['PN06-1.edf', 'PN06-2.edf'];
    expect(spans(await read(text, 'PN06-1.edf', '04:21:22', 7200, siblings))).toEqual([[5583, 5647]]);
    const path = await store(
      'Seizures-list-PN06.txt',
      Buffer.from(block('PN06-1.edf').replace('n 1', 'n\u00b0 1'), 'latin1'),
    );
    const found = await readSienaList(
      path,
      recording('PN06-1.edf', '04:21:22', 7200),
      new Set(['PN06-1.edf']),
    );
    expect([spans(found), codes(found)]).toEqual([[[5583, 5647]], []]);
  });

  test("no registration start: the recording's own", async () => {
    const text = block('PN06-1.edf').replace('Registration start time:04.21.22\n', '');
    const found = await read(text, 'PN06-1.edf', '04:21:22', 7200);
    expect([spans(found), codes(found)]).toEqual([[[5583, 5647]], ['ANNOTATION_REGISTRATION']]);
    await expect(read(text, 'PN06-1.edf', null, 7200)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:2: expected a registration start time, found none/),
    );
  });

  test('a registration that is not as long as the recording is said', async () => {
    const text = block('PN06-1.edf').replace(
      'Seizure start',
      'Registration end time: 06.21.22\nSeizure start',
    );
    expect(codes(await read(text, 'PN06-1.edf', '04:21:22', 7200))).toEqual([]);
    expect(codes(await read(text, 'PN06-1.edf', '04:21:22', 7139))).toEqual(['ANNOTATION_DURATION']);
  });

  test("a start that the header does not mend is the list's", async () => {
    const text = block('PN06-1.edf', '01.21.22').replace(
      'Seizure start',
      'Registration end time: 06.21.22\nSeizure start',
    );
    // By the list 5 h, by the header 2 h, recorded 3 h.
    const found = await read(text, 'PN06-1.edf', '04:21:22', 10_800);
    expect([spans(found), codes(found)]).toEqual([
      [[16_383, 16_447]],
      ['ANNOTATION_REGISTRATION', 'ANNOTATION_DURATION'],
    ]);
  });

  test.each([
    ['past the end', '05.57.29', [5583, 5767]],
    ['an hour later, but not in the recording an hour earlier', '06.56.29', [5583, 9307]],
    ['two hours late', '07.55.29', [5583, 12_847]],
  ])('an end %s stays: what lies outside is clipped later', async (_, end, span) => {
    const found = await read(block('PN06-1.edf').replace('05.55.29', end), 'PN06-1.edf', '04:21:22', 5700);
    expect([spans(found), codes(found)]).toEqual([[span], []]);
  });

  test('a name that another file has is of that file', async () => {
    const siblings = ['PN06-1.edf', 'PN06-1.bdf'];
    expect(await read(block('PN06-1.edf'), 'PN06-1.bdf', '04:21:22', 7200, siblings)).toBeNull();
    const short = ['PN06.edf', 'PN06-1.edf'];
    expect(await read(block('PNO6.edf'), 'PN06-1.edf', '04:21:22', 7200, short)).toBeNull();
    expect(spans(await read(block('PNO6.edf'), 'PN06.edf', '04:21:22', 7200, short))).toEqual([[5583, 5647]]);
  });

  test('a seizure seconds before the start is before it, not a day after', async () => {
    const found = await read(block('PN06-1.edf', '05.54.30'), 'PN06-1.edf', '05:54:30', 600);
    expect(spans(found)).toEqual([[-5, 59]]);
  });

  test.each([
    [
      'an end that is missing',
      'Seizure end time: 05.55.29\n',
      '',
      /:4: expected the end of the seizure that starts here/,
    ],
    [
      'a start that is missing',
      'Seizure start time: 05.54.25\n',
      '',
      /:4: expected a start time before this end time/,
    ],
    [
      'another registration start of the same file',
      /$/,
      '\nFile name: PN06-1.edf\nRegistration start time: 04.31.22\n',
      /:8: expected the registration start of the block before, '04\.21\.22', found '04\.31\.22'/,
    ],
    [
      'two starts',
      'Seizure start',
      'Seizure start time: 05.50.00\nSeizure start',
      /:4: expected the end of the seizure that starts here/,
    ],
    [
      'a start that another file follows',
      'Seizure end',
      'File name: PN06-2.edf\nSeizure end',
      /:4: expected the end of the seizure that starts here/,
    ],
    ['no times', /Seizure start[\s\S]*$/, '', /:1: expected start and end of 'Seizure n 1:'/],
    [
      'a time that is none',
      '05.54.25',
      '05.64.25',
      /:4: expected a time such as 19\.58\.36, found '05\.64\.25'/,
    ],
    [
      'an end before the start',
      '05.55.29',
      '05.53.29',
      /:5: expected 'seiz' to end after it starts, found 5583 s to 5527 s/,
    ],
    [
      'other words',
      'Seizure start time',
      'Seizure onset time',
      /:4: expected 'Seizure start time: 19\.58\.36' or the like/,
    ],
    [
      'other words for a time that is none',
      'Seizure start time: 05.54.25',
      'Seizure onset time: early',
      /:4: expected 'Seizure start time/,
    ],
    ['a time in other words', 'Seizure end time', 'Fine crisi', /:5: expected 'Seizure start time/],
  ])('A2: refuses %s', async (_, from, to, message) => {
    const text = block('PN06-1.edf').replace(from, to);
    await expect(read(text, 'PN06-1.edf', '04:21:22', 7200)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', message),
    );
  });

  test('A5: a seizure that names no file, of two, is an error; of one, it is its own', async () => {
    const text = block('x').replace('File name: x\n', '');
    const siblings = ['PN06-1.edf', 'PN06-2.edf'];
    await expect(read(text, 'PN06-1.edf', '04:21:22', 7200, siblings)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:3: expected the file name of this seizure/),
    );
    expect(spans(await read(text, 'PN06-1.edf', '04:21:22', 7200))).toEqual([[5583, 5647]]);
    const empty = block('').replace('Seizure n 1', `${block('PN06-2.edf')}Seizure n 2`);
    await expect(read(empty, 'PN06-1.edf', '04:21:22', 7200, siblings)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:9: expected the file name of this seizure/),
    );
  });

  test('A5: a list that names the file and no seizure of it is an error, and one of nothing is nothing', async () => {
    const named = 'PN06\nFile name: PN06-1.edf\nRegistration start time: 04.21.22\n';
    await expect(read(named, 'PN06-1.edf', '04:21:22', 7200)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:2: expected seizures of 'PN06-1\.edf', found none/),
    );
    const nothing = 'PN06\nRegistration start time: 04.21.22\nChannel 1: Fp1\n';
    expect(await read(nothing, 'PN06-1.edf', '04:21:22', 7200)).toBeNull();
  });

  test("what is wrong with another file's block is that file's", async () => {
    const text = `${block('PN06-1.edf')}\n${block('PN06-2.edf').replace('05.54.25', 'early')}`;
    const siblings = ['PN06-1.edf', 'PN06-2.edf'];
    expect(spans(await read(text, 'PN06-1.edf', '04:21:22', 7200, siblings))).toEqual([[5583, 5647]]);
    await expect(read(text, 'PN06-2.edf', '04:21:22', 7200, siblings)).rejects.toBeInstanceOf(InputError);
  });
});

test('clock times as they were typed', () => {
  expect(
    [
      '19.58.36',
      '21:51:02',
      'at 1 6.49.25 or 00:00:00',
      '24.00.00',
      '1.2.3',
      '12.30',
      '1234.12.12',
      '12.12.123',
    ].map(clockTimes),
  ).toEqual([[71_916], [78_662], [60_565, 0], [], [3723], [], [], []]);
});

test('any recording of less than a day, in any form: every seizure to the second, across midnight', async () => {
  const separator = fc.constantFrom('.', ':');
  const seizure = fc.record({
    gapS: fc.integer({ min: 1, max: 4000 }),
    lengthS: fc.integer({ min: 1, max: 900 }),
  });
  const form = fc.record({
    separator,
    space: fc.constantFrom('', ' ', '  '),
    heading: fc.constantFrom('Seizure n 1', 'Seizure n1:', 'Seizure n 1 (in sleep):'),
    word: fc.constantFrom('Seizure start time:', 'Start time:', 'seizure Start Time:'),
    isFileFirst: fc.boolean(),
    lineEnd: fc.constantFrom('\n', '\r\n', ' \r\n', '\n\n'),
    isNameOdd: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 86_399 }),
      fc.array(seizure, { minLength: 1, maxLength: 6 }),
      form,
      async (startClock, gaps, how) => {
        const clock = (offsetS: number) => clockText(startClock + offsetS).replaceAll('.', how.separator);
        let at = 0;
        const wanted = gaps.map(({ gapS, lengthS }) => {
          const startS = at + gapS;
          at = startS + lengthS;
          return [startS, at] as const;
        });
        const durationS = at + 10;
        const head = [
          `File name:${how.space}${how.isNameOdd ? 'PNO1-1.EDF' : 'PN01-1.edf'}`,
          `Registration start time:${how.space}${clock(0)}`,
          `Registration end time:${how.space}${clock(durationS)}`,
        ];
        const blocks = wanted.map(([startS, endS], index) => [
          how.heading.replace('1', String(index + 1)),
          ...(how.isFileFirst ? [] : head),
          `${how.word}${how.space}${clock(startS)}`,
          `${how.word.replace(/start/i, 'end')}${how.space}${clock(endS)}`,
        ]);
        const text = [...(how.isFileFirst ? head : []), ...blocks.flat()].join(how.lineEnd);
        const path = await store('Seizures-list-PN01.txt', text);
        const found = await readSienaList(
          path,
          recording('PN01-1.edf', clockText(startClock).replaceAll('.', ':'), durationS),
          new Set(['PN01-1.edf', 'PN01-2.edf']),
        );
        expect(spans(found)).toEqual(wanted);
        expect(codes(found)).toEqual(how.isNameOdd ? ['ANNOTATION_NAME'] : []);
      },
    ),
    { numRuns: 300 },
  );
});

test('seconds from one time of day to another', () => {
  expect(secondsAfter(86_390, 5)).toBe(15);
  expect(secondsAfter(5, 5)).toBe(0);
});
