import { readFileSync } from 'node:fs';
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
        {
          startS: 10.5,
          endS: 14.75,
          label: 'sz_foc_ia_nm',
          meaning: 'seizure',
          channels: ['F7', 'T3'],
          confidence: 0.9,
        },
        { startS: 20, endS: 25, label: 'impd', meaning: 'untrained', channels: null, confidence: null },
      ],
      notices: [],
    });
  });

  test('a duration n/a of an event that is no seizure reaches to the end of the recording', async () => {
    const rows = '5\tn/a\timpd\tn/a\tn/a\tn/a\t60\n0\tn/a\tbckg\tn/a\tn/a\tn/a\tn/a';
    const { events: found, notices } = await readBidsEvents(await events(rows));
    expect(found.map(({ startS, endS, label }) => [startS, endS, label])).toEqual([
      [5, 60, 'impd'],
      [0, 60, 'bckg'],
    ]);
    expect(notices).toEqual([
      {
        code: 'ANNOTATION_OPEN_EVENT',
        message: expect.stringMatching(/tsv:2: 'impd' at 5 s states no duration; taken to the end/),
      },
    ]);
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
      'a seizure of negative duration',
      '51968.00\t-40258.00\tsz\tn/a\tn/a\tn/a\t52321.00',
      'ANNOTATION_LINE',
      /:2: expected 'sz' to end after it starts, found 51968 s to 11710 s/,
    ],
    [
      'a seizure of unknown duration',
      '5\tn/a\tsz_foc\tn/a\tn/a\tn/a\tn/a',
      'ANNOTATION_LINE',
      /:2: expected a duration in seconds, found 'n\/a', so that the end of 'sz_foc' at 5 s is unknown/,
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

  test('an empty field is one that is not known', async () => {
    const { events: found, durationS } = await readBidsEvents(await events('1\t2\tsz\t\t\t\t'));
    expect(found).toEqual([
      { startS: 1, endS: 3, label: 'sz', meaning: 'seizure', channels: null, confidence: null },
    ]);
    expect(durationS).toBeNull();
  });

  test('refuses a column that is there twice', async () => {
    const path = await store('x_events.tsv', 'onset\tonset\tduration\teventType\n1\t2\t1\tsz\n');
    await expect(readBidsEvents(path)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:1: expected .* one 'onset'/),
    );
  });

  test('refuses a file without the columns it needs', async () => {
    const path = await store('x_events.tsv', 'onset\tduration\ttrial_type\n1\t1\tsz\n');
    await expect(readBidsEvents(path)).rejects.toMatchObject(refuses('ANNOTATION_LINE', /:1: .*'eventType'/));
  });
});

describe('rows of SeizeIT2 as they are published', () => {
  const lines = readFileSync(new URL('./fixtures/seizeit2-events.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  /** The `events.tsv` of one recording, without the column that names it. */
  const eventsOf = (run: string) => {
    const own = [lines[0]!, ...lines.slice(1).filter((line) => line.startsWith(`${run}\t`))];
    return store(`${run}_events.tsv`, own.map((line) => `${line.slice(line.indexOf('\t') + 1)}\n`).join(''));
  };
  const run = (subject: string, number: string) => `sub-${subject}_ses-01_task-szMonitoring_run-${number}`;

  test('a recording without seizures has one row bckg', async () => {
    const { events, durationS } = await readBidsEvents(await eventsOf(run('001', '02')));
    expect(events).toEqual([
      { startS: 0, endS: 19816, label: 'bckg', meaning: 'background', channels: null, confidence: null },
    ]);
    expect(durationS).toBe(19816);
  });

  test('eleven seizures among stretches of high impedance', async () => {
    const { events, durationS, notices } = await readBidsEvents(await eventsOf(run('034', '09')));
    const seizures = events.filter(({ label }) => label === 'sz_foc_ia_m_hyperkinetic');
    expect(events).toHaveLength(15);
    expect(seizures).toHaveLength(11);
    expect(seizures[0]).toMatchObject({ startS: 1664, endS: 1677 });
    // 13 + 11 + 11 + 12 + 13 + 15 + 33 + 33 + 16 + 12 + 27, the rows' own durations.
    expect(seizures.reduce((sum, { startS, endS }) => sum + endS - startS, 0)).toBe(196);
    expect({ durationS, notices }).toEqual({ durationS: 65210, notices: [] });
  });

  test('a duration of 0 s is left out, with file and line', async () => {
    const { events, notices } = await readBidsEvents(await eventsOf(run('042', '04')));
    expect(events).toHaveLength(8);
    expect(notices).toEqual([
      {
        code: 'ANNOTATION_EMPTY_EVENT',
        message: `${run('042', '04')}_events.tsv:3: 'impd' at 16606 s has no duration; the event is rejected`,
      },
    ]);
  });

  test.each([
    ['031', '07', [4, 51968, 11710], [5, 52025, 17005]],
    ['043', '02', [3, 37799, 9003], [4, 37895, 37813], [5, 38306, 38295]],
  ])('sub-%s, run %s: checks of negative duration are rejected by name', async (subject, number, ...rows) => {
    const { notices } = await readBidsEvents(await eventsOf(run(subject, number)));
    expect(notices).toEqual(
      rows.map(([line, startS, endS]) => ({
        code: 'ANNOTATION_NEGATIVE_EVENT',
        message: `${run(subject, number)}_events.tsv:${line}: 'impd' at ${startS} s would end before it starts, at ${endS} s; the event is rejected`,
      })),
    );
  });

  test('a table of several recordings is refused: its rows are not of one', async () => {
    const path = await store('all_events.tsv', lines.filter((line) => !line.includes('\t-')).join('\n'));
    await expect(readBidsEvents(path)).rejects.toMatchObject(
      refuses('ANNOTATION_LINE', /:3: expected the recordingDuration .* 19816 s, found 52321 s/),
    );
  });
});
