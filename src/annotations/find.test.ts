import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EdfTal, openEdf, writeEdf } from '../edf/index.ts';
import { findAnnotation } from './index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-find-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function recording(name: string, annotations?: EdfTal[]) {
  const path = join(folder, name);
  await writeEdf(path, {
    patient: 'X X X X',
    recording: 'Startdate X X X X',
    startedAt: '2002-03-02T10:20:30',
    recordDurationS: 1,
    signals: [
      {
        label: 'A',
        dimension: 'uV',
        physicalMin: -100,
        physicalMax: 100,
        digitalMin: -100,
        digitalMax: 100,
        samplesPerRecord: 1,
        digital: new Int16Array(60),
      },
    ],
    ...(annotations === undefined ? {} : { annotations }),
  });
  return openEdf(path);
}
const store = (name: string, content: string) => writeFile(join(folder, name), content);
const csv = (startS: number, endS: number, channel = 'TERM') =>
  `# duration = 60 secs\nchannel,start_time,stop_time,label,confidence\n${channel},${startS},${endS},seiz,1\n`;
const bids = (startS: number, durationS: number) =>
  `onset\tduration\teventType\n${startS}\t${durationS}\tsz\n`;
const summary = (name: string, startS: number, endS: number) =>
  `File Name: ${name}\nNumber of Seizures in File: 1\nSeizure Start Time: ${startS} seconds\nSeizure End Time: ${endS} seconds\n`;

test('nothing beside it and nothing in it: null, also when others are annotated', async () => {
  await store('b.csv_bi', csv(1, 2));
  await store('chb01-summary.txt', summary('b.edf', 1, 2));
  await store('a.csv_bi.bak', csv(1, 2));
  expect(await findAnnotation(await recording('a.edf'))).toBeNull();
  expect(
    await findAnnotation(await recording('c.edf', [{ onsetS: 1, durationS: null, text: 'note' }])),
  ).toBeNull();
});

test('the first of .csv_bi, .csv, events.tsv, summary, EDF+ is used', async () => {
  const found = await recording('a.edf', [{ onsetS: 5, durationS: 5, text: 'seizure' }]);
  const formats = async () => (await findAnnotation(found))?.format;
  expect(await formats()).toBe('edf-plus');
  await store('chb01-summary.txt', summary('a.edf', 5, 10));
  expect(await formats()).toBe('chbmit-summary');
  await store('a_events.tsv', bids(5, 5));
  expect(await formats()).toBe('bids-events');
  await store('a.csv', csv(5, 10, 'FP1-F7'));
  expect(await formats()).toBe('tusz-csv');
  await store('a.csv_bi', csv(5, 10));
  expect(await formats()).toBe('tusz-csv_bi');
  // They agree, so nothing is said of them.
  expect((await findAnnotation(found))?.notices).toEqual([]);
});

test('a .BDF has annotations beside it, too', async () => {
  await store('a.csv_bi', csv(1, 2));
  expect((await findAnnotation(await recording('a.BDF')))?.format).toBe('tusz-csv_bi');
});

test('of several summaries, the one that names the recording', async () => {
  await store('chb01-summary.txt', summary('b.edf', 1, 2));
  await store('chb02-summary.txt', summary('a.edf', 3, 4));
  const found = await findAnnotation(await recording('a.edf'));
  expect(found).toMatchObject({ path: join(folder, 'chb02-summary.txt'), events: [{ startS: 3, endS: 4 }] });
});

test('times that differ by a second in all agree: formats round them', async () => {
  await store('a.csv_bi', csv(10, 20));
  const found = await recording('a.edf');
  await store('a_events.tsv', bids(10.5, 10));
  expect((await findAnnotation(found))?.notices).toEqual([]);
  await store('a_events.tsv', bids(10.5, 10.1));
  expect((await findAnnotation(found))?.notices).toHaveLength(1);
});

test('BIDS: sub-01_..._eeg.edf has sub-01_..._events.tsv', async () => {
  await store('sub-01_task-szMonitoring_run-00_events.tsv', bids(1, 2));
  const found = await findAnnotation(await recording('sub-01_task-szMonitoring_run-00_eeg.edf'));
  expect(found).toMatchObject({ format: 'bids-events', events: [{ startS: 1, endS: 3 }] });
});

test('A7: disagreement is said, by seconds in one of them only; which files were used is known', async () => {
  await store('a.csv_bi', csv(10, 20));
  await store('a_events.tsv', bids(14, 8));
  const found = await findAnnotation(await recording('a.edf'));
  expect(found?.events).toMatchObject([{ startS: 10, endS: 20 }]);
  // 10-14 s and 20-22 s.
  expect(found?.notices).toEqual([
    {
      code: 'ANNOTATION_DISAGREES',
      message:
        'a.csv_bi (tusz-csv_bi) is used; a_events.tsv (bids-events) has other seizure times: 6 s are a seizure in one of them only; only in the former 10-14 s; only in the latter 20-22 s',
    },
  ]);
  expect(found?.sources).toEqual([
    { path: join(folder, 'a.csv_bi'), format: 'tusz-csv_bi', role: 'seizures' },
    { path: join(folder, 'a_events.tsv'), format: 'bids-events', role: 'compared' },
  ]);
});

test('A7: .csv_bi gives the times, .csv the types; both are named', async () => {
  await store('a.csv_bi', csv(10, 20));
  await store('a.csv', csv(10, 20, 'FP1-F7').replace('seiz', 'gnsz'));
  const found = await findAnnotation(await recording('a.edf'));
  expect(found).toMatchObject({
    path: join(folder, 'a.csv_bi'),
    format: 'tusz-csv_bi',
    notices: [],
    events: [{ startS: 10, endS: 20, label: 'seiz', types: [{ startS: 10, endS: 20, label: 'gnsz' }] }],
    sources: [
      { format: 'tusz-csv_bi', role: 'seizures' },
      { path: join(folder, 'a.csv'), format: 'tusz-csv', role: 'types' },
    ],
  });
});

test('A1: what cannot be read is an error where it is used, and a notice where it is not', async () => {
  await store('a.csv', 'nonsense');
  const found = await recording('a.edf');
  await expect(findAnnotation(found)).rejects.toMatchObject({ code: 'ANNOTATION_LINE' });
  // The types are used, too: nesz stands only there.
  await store('a.csv_bi', csv(1, 2));
  await expect(findAnnotation(found)).rejects.toMatchObject({ code: 'ANNOTATION_LINE' });
  await rm(join(folder, 'a.csv'));
  await store('a_events.tsv', 'nonsense');
  const { notices } = (await findAnnotation(found))!;
  expect(notices).toMatchObject([
    {
      code: 'ANNOTATION_OTHER_UNREADABLE',
      message: expect.stringMatching(/a\.csv_bi is used; .*\.\/a_events\.tsv:1: /),
    },
  ]);
  // Notices are stored in results, which are the same wherever the data lies.
  expect(notices[0]!.message).not.toContain(folder);
});

test('only bad input becomes a notice; an error of the program stays one', async () => {
  await store('a.csv_bi', csv(1, 2));
  const broken = { ...(await recording('a.edf')), annotations: undefined as never };
  await expect(findAnnotation(broken)).rejects.toBeInstanceOf(TypeError);
});

test('a folder where the annotation should be is an error, not "unlabelled"', async () => {
  const found = await recording('a.edf');
  await mkdir(join(folder, 'a.csv_bi'));
  await expect(findAnnotation(found)).rejects.toMatchObject({ code: 'ANNOTATION_READ' });
});
