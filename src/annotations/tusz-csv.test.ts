import { execFileSync } from 'node:child_process';
import { truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readTuszCsv } from './index.ts';
import { refuses, TERM, temporaryFolder } from './testing/files.ts';

const { path: inFolder, store } = temporaryFolder();

describe('TUSZ', () => {
  test('.csv_bi: events, duration, all channels', async () => {
    const path = await store('aaaaaajy_s001_t000.csv_bi', TERM);
    expect(await readTuszCsv(path)).toEqual({
      format: 'tusz-csv_bi',
      path,
      durationS: 1750,
      events: [
        { startS: 0, endS: 10.2775, label: 'bckg', meaning: 'background', channels: null, confidence: 1 },
        { startS: 10.2775, endS: 35.7775, label: 'seiz', meaning: 'seizure', channels: null, confidence: 1 },
        {
          startS: 35.7775,
          endS: 1750,
          label: 'bckg',
          meaning: 'background',
          channels: null,
          confidence: 0.5,
        },
      ],
      notices: [],
    });
  });

  test('.csv: a row for each channel, Windows line ends and a byte-order mark', async () => {
    const rows =
      '\ufeff# duration = 20 secs\r\nchannel,start_time,stop_time,label,confidence\r\nFP1-F7,1,3,fnsz,1\r\n';
    const { format, events } = await readTuszCsv(await store('a.csv', rows));
    expect(format).toBe('tusz-csv');
    expect(events).toEqual([
      { startS: 1, endS: 3, label: 'fnsz', meaning: 'seizure', channels: ['FP1-F7'], confidence: 1 },
    ]);
  });

  test('comments and columns, spaced otherwise', async () => {
    const text = TERM.replace('# duration = ', '#duration=').replace('channel,start', 'Channel, start');
    expect((await readTuszCsv(await store('aaaaaajy_s001_t000.csv_bi', text))).durationS).toBe(1750);
  });

  test('a confidence that is not stated is null', async () => {
    const { events } = await readTuszCsv(await store('a.csv_bi', TERM.replace('seiz,1.0000', 'seiz,')));
    expect(events.map(({ confidence }) => confidence)).toEqual([1, null, 0.5]);
  });

  test('A6: a file that is cut off between its lines names its background, and leaves time without row: said', async () => {
    const cut = TERM.split('\n').slice(0, 8).join('\n');
    const { notices } = await readTuszCsv(await store('aaaaaajy_s001_t000.csv_bi', cut));
    expect(notices).toEqual([
      {
        code: 'ANNOTATION_GAP',
        message: 'aaaaaajy_s001_t000.csv_bi: no row covers 35.7775-1750 s; taken as background',
      },
    ]);
    const seizureOnly = TERM.replace(/TERM.*bckg.*\n/g, '');
    const only = await readTuszCsv(await store('aaaaaajy_s001_t000.csv_bi', seizureOnly));
    expect([only.events.length, only.notices]).toEqual([1, []]);
  });

  test.each(['1750.00 secs', '1750 seconds', '1750 sec', '1750 s', '1750', '1.75e3 secs'])(
    "a duration of '%s'",
    async (duration) => {
      const path = await store('a.csv_bi', TERM.replace('1750.00 secs', duration));
      expect((await readTuszCsv(path)).durationS).toBe(1750);
    },
  );

  test.each([
    [
      'a column too few (failures A1)',
      'TERM,10.2775,35.7775,seiz,1.0000',
      'TERM,10.2775,seiz,1.0',
      'ANNOTATION_LINE',
      /:8: expected 5 values .* found 4/,
    ],
    [
      'a column too many',
      'TERM,10.2775,35.7775,seiz,1.0000',
      'TERM,10.2775,35.7775,seiz,1.0000,x',
      'ANNOTATION_LINE',
      /:8: expected 5 values .* found 6/,
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
      'nesz without duration: what is to be excluded is not known',
      '35.7775,seiz',
      '10.2775,nesz',
      'ANNOTATION_LINE',
      /:8: expected 'nesz' to end after it starts/,
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
    [
      'a confidence below 0',
      'seiz,1.0000',
      'seiz,-0.5',
      'ANNOTATION_LINE',
      /:8: expected a confidence .* found -0\.5/,
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
      /:3: expected a duration of 0 s or more/,
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
    await truncate(path, (64 << 20) + 1);
    await expect(readTuszCsv(path)).rejects.toMatchObject(
      refuses('ANNOTATION_READ', /it has 67108865 bytes, more than 67108864/),
    );
    execFileSync('mkfifo', [`${path}.pipe`]);
    await expect(readTuszCsv(`${path}.pipe`)).rejects.toMatchObject(
      refuses('ANNOTATION_READ', /it is not a file/),
    );
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
    for (const { message } of notices) expect(message).not.toContain(inFolder());
  });
});
