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
