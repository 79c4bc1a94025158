import { describe, expect, test } from 'vitest';
import { readBidsEvents } from './index.ts';
import { refuses, temporaryFolder } from './testing/files.ts';

const { store } = temporaryFolder();

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
