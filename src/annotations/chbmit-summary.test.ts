import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readChbmitSummary } from './index.ts';
import { refuses, temporaryFolder } from './testing/files.ts';

const { store } = temporaryFolder();

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

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

  // Counted over each file as a whole, in Python.
  test.each([
    { name: 'chb01', recordings: 42, withSeizures: 7, seizures: 7, seconds: 442 },
    { name: 'chb12', recordings: 24, withSeizures: 13, seizures: 40, seconds: 1475 },
    { name: 'chb24', recordings: 12, withSeizures: 12, seizures: 16, seconds: 511 },
  ])('$name: $seizures seizures in $recordings recordings', async ({ name, ...expected }) => {
    const path = fixture(`${name}-summary.txt`);
    const names = [...readFileSync(path, 'utf8').matchAll(/^File Name: (.*)$/gm)].map(([, file]) => file!);
    const found = await Promise.all(names.map((file) => readChbmitSummary(path, file.trim())));
    const events = found.flatMap((annotation) => annotation!.events);
    expect({
      recordings: found.length,
      withSeizures: found.filter((annotation) => annotation!.events.length > 0).length,
      seizures: events.length,
      seconds: events.reduce((sum, { startS, endS }) => sum + endS - startS, 0),
    }).toEqual(expected);
    expect(found.flatMap((annotation) => annotation!.notices)).toEqual([]);
  });

  test("A6: a listed duration that is not the recording's is noticed, across midnight and without times, too", async () => {
    const path = await store(
      'chb99-summary.txt',
      `File Name: a.edf\nFile Start Time: 23:30:00\nFile End Time: 24:30:00\nNumber of Seizures in File: 0\n
File Name: b.edf\nNumber of Seizures in File: 0\n`,
    );
    const noticesOf = async (name: string, seconds: number) =>
      (await readChbmitSummary(path, name, seconds))!.notices.map(({ message }) => message);
    expect(await noticesOf('a.edf', 3600)).toEqual([]);
    expect(await noticesOf('a.edf', 3541)).toEqual([]);
    expect(await noticesOf('a.edf', 1800)).toEqual([
      'chb99-summary.txt:1: the listed file is of 3600 s, the recording of 1800 s',
    ]);
    expect(await noticesOf('b.edf', 1800)).toEqual([]);
  });

  test('a change of channels ends no block; two spaces are one', async () => {
    const { events } = (await readChbmitSummary(fixture('chb12-summary.txt'), 'chb12_27.edf'))!;
    expect(events.map(({ startS, endS }) => [startS, endS])).toEqual([
      [916, 951],
      [1097, 1124],
      [1728, 1753],
      [1921, 1963],
      [2388, 2440],
      [2621, 2669],
    ]);
  });

  test('names are compared whole, and other units and spacings of a time are read', async () => {
    const text = (name: string, lines: string) =>
      `File Name:  ${name}\r\nNumber of Seizures in File: 1\r\n${lines}\r\n\r\n`;
    const path = await store(
      'chb02-summary.txt',
      text('chb02_16+.edf', 'Seizure 1 Start Time:             2972 secs\r\nSeizure 1 End Time: 3053 sec') +
        text('chb02_16.edf', 'Seizure Start Time: 130 seconds\r\nSeizure End Time: 212 second'),
    );
    const spansOf = async (name: string) =>
      (await readChbmitSummary(path, name))?.events.map(({ startS, endS }) => [startS, endS]);
    expect(await spansOf('chb02_16+.edf')).toEqual([[2972, 3053]]);
    expect(await spansOf('chb02_16.edf')).toEqual([[130, 212]]);
    expect(await spansOf('chb02_1')).toBeUndefined();
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
      'a block that is cut off',
      'File Start Time: 1:00:00',
      /expected a number of seizures of a\.edf, found 0/,
    ],
    ['a block of its name only', '', /:1: expected a number of seizures of a\.edf, found 0/],
    [
      'times without a number of seizures',
      'Seizure Start Time: 1 seconds\nSeizure End Time: 2 seconds',
      /expected a number of seizures/,
    ],
    [
      'a start without end',
      'Number of Seizures in File: 1\nSeizure Start Time: 1 seconds',
      /:3: expected the end of the seizure that starts at 1 s, found none/,
    ],
    [
      'a start too many',
      'Number of Seizures in File: 1\nSeizure 1 Start Time: 1 seconds\nSeizure 1 End Time: 2 seconds\nSeizure 2 Start Time: 7 seconds',
      /:5: expected the end of the seizure that starts at 7 s, found none/,
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
