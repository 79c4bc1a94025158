/** Whole corpora as they are published: every summary of CHB-MIT with its indices, every event of SeizeIT2. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EdfRecording } from '../edf/index.ts';
import { findAnnotation, placeSeizures, readBidsEvents } from './index.ts';

const unpacked = (name: string) =>
  gunzipSync(readFileSync(new URL(`./fixtures/${name}`, import.meta.url))).toString('utf8');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-corpora-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function store(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** A recording of which only the annotations are looked for. */
const recording = (name: string) =>
  ({
    path: join(folder, name),
    annotations: [],
    startedAt: null,
    durationS: 3600,
  }) as unknown as EdfRecording;

const secondsOf = (events: readonly { startS: number; endS: number }[]) =>
  events.reduce((sum, { startS, endS }) => sum + endS - startS, 0);

describe('CHB-MIT', () => {
  const files = JSON.parse(unpacked('chbmit-annotations.json.gz')) as Record<string, string>;
  const linesOf = (name: string) => files[name]!.split('\n').filter((line) => line !== '');
  beforeAll(async () => {
    for (const [name, text] of Object.entries(files)) {
      const patient = /^(chb\d\d)-/.exec(name)?.[1];
      await store(patient === undefined ? name : `${patient}/${name}`, text);
    }
  });

  test('all 24 summaries: 686 recordings, 198 seizures of 11,611 s; ten of chb24 are background by RECORDS', async () => {
    const found = [];
    for (const name of linesOf('RECORDS'))
      found.push({ name, annotation: await findAnnotation(recording(name)) });
    expect(found).toHaveLength(686);
    const seizures = found.flatMap(({ annotation }) => annotation!.events);
    // Counted in Python, over the files as a whole.
    expect([seizures.length, secondsOf(seizures)]).toEqual([198, 11_611]);
    const byIndex = found.filter(({ annotation }) => annotation!.format === 'chbmit-records');
    expect(byIndex.map(({ name }) => name)).toEqual(
      ['02', '05', '08', '10', '12', '16', '18', '19', '20', '22'].map(
        (number) => `chb24/chb24_${number}.edf`,
      ),
    );
    for (const { annotation } of byIndex)
      expect(annotation).toMatchObject({
        events: [],
        notices: [],
        path: join(folder, 'RECORDS'),
        sources: [
          { path: join(folder, 'RECORDS'), role: 'seizures' },
          { path: join(folder, 'RECORDS-WITH-SEIZURES'), role: 'seizures' },
        ],
      });
    // The corpus contradicts itself once, and that is listed: the seizure is in chb07_19, the index has chb07_18.
    // The recordings stand in for the real ones, whose lengths they do not have.
    const said = found.flatMap(({ name, annotation }) =>
      annotation!.notices
        .filter(({ code }) => code !== 'ANNOTATION_DURATION')
        .map(({ code, message }) => [name, code, message]),
    );
    expect(said).toEqual([
      [
        'chb07/chb07_18.edf',
        'ANNOTATION_CONTRADICTION',
        'chb07-summary.txt (chbmit-summary) is used and has 0 seizures of chb07_18.edf, while RECORDS-WITH-SEIZURES lists it',
      ],
      [
        'chb07/chb07_19.edf',
        'ANNOTATION_CONTRADICTION',
        'chb07-summary.txt (chbmit-summary) is used and has 1 seizures of chb07_19.edf, while RECORDS-WITH-SEIZURES does not list it',
      ],
    ]);
  });

  test.each(
    Object.entries({
      ...{ chb01: [7, 442], chb02: [3, 172], chb03: [7, 402], chb04: [4, 378], chb05: [5, 558] },
      ...{ chb06: [10, 153], chb07: [3, 325], chb08: [5, 919], chb09: [4, 276], chb10: [7, 447] },
      ...{ chb11: [3, 806], chb12: [40, 1475], chb13: [12, 535], chb14: [8, 169], chb15: [20, 1992] },
      ...{ chb16: [10, 84], chb17: [3, 293], chb18: [6, 317], chb19: [3, 236], chb20: [8, 294] },
      ...{ chb21: [4, 199], chb22: [3, 204], chb23: [7, 424], chb24: [16, 511] },
    }),
  )('%s', async (patient, [count, seconds]) => {
    const names = linesOf('RECORDS').filter((name) => name.startsWith(`${patient}/`));
    const found = await Promise.all(names.map((name) => findAnnotation(recording(name))));
    const events = found.flatMap((annotation) => annotation!.events);
    expect([events.length, secondsOf(events)]).toEqual([count, seconds]);
  });

  test('A5: named by neither index and by no summary: unlabelled', async () => {
    expect(await findAnnotation(recording('chb24/chb24_23.edf'))).toBeNull();
  });

  test('RECORDS-WITH-SEIZURES names it and nothing says when: an error, not background', async () => {
    await store('odd/RECORDS', 'p/a.edf\np/b.edf\n');
    await store('odd/RECORDS-WITH-SEIZURES', 'p/a.edf\np/c.edf\n');
    await mkdir(join(folder, 'odd/p'), { recursive: true });
    await expect(findAnnotation(recording('odd/p/a.edf'))).rejects.toMatchObject({
      code: 'ANNOTATION_CONTRADICTION',
      message: expect.stringMatching(/RECORDS-WITH-SEIZURES lists a\.edf, but no annotation says when/),
    });
    expect(await findAnnotation(recording('odd/p/b.edf'))).toMatchObject({
      format: 'chbmit-records',
      events: [],
    });
    await store(
      'odd/p/c-summary.txt',
      'File Name: c.edf\nNumber of Seizures in File: 1\nSeizure Start Time: 1 seconds\nSeizure End Time: 2 seconds\n',
    );
    expect((await findAnnotation(recording('odd/p/c.edf')))?.notices).toMatchObject([
      { message: 'RECORDS-WITH-SEIZURES lists c.edf, RECORDS does not' },
    ]);
  });

  test('A5: RECORDS alone, as every corpus of PhysioNet has it, says nothing of seizures', async () => {
    await store('alone/RECORDS', 'p/a.edf\n');
    await mkdir(join(folder, 'alone/p'), { recursive: true });
    expect(await findAnnotation(recording('alone/p/a.edf'))).toBeNull();
    await rm(join(folder, 'alone/RECORDS'));
    await store('alone/RECORDS-WITH-SEIZURES', 'p/b.edf\n');
    expect(await findAnnotation(recording('alone/p/a.edf'))).toBeNull();
  });

  test('both beside the recording do, too; a summary may lie in the folder above', async () => {
    await store('flat/RECORDS', 'a.edf\nb.edf\n');
    await store('flat/RECORDS-WITH-SEIZURES', 'b.edf\n');
    expect(await findAnnotation(recording('flat/a.edf'))).toMatchObject({ format: 'chbmit-records' });
    await store('one/RECORDS', 'chb24/chb24_02.edf\n');
    await store('one/RECORDS-WITH-SEIZURES', 'chb24/chb24_01.edf\n');
    expect(await findAnnotation(recording('one/chb24_02.edf'))).toMatchObject({ format: 'chbmit-records' });
    expect(await findAnnotation(recording('one/chb24_03.edf'))).toBeNull();
    await mkdir(join(folder, 'one/other'), { recursive: true });
    expect(await findAnnotation(recording('one/other/chb24_02.edf'))).toBeNull();
    await store('flat/x-summary.txt', 'File Name: c.edf\nNumber of Seizures in File: 0\n');
    await mkdir(join(folder, 'flat/below'), { recursive: true });
    expect(await findAnnotation(recording('flat/below/c.edf'))).toMatchObject({
      format: 'chbmit-summary',
      path: join(folder, 'flat/x-summary.txt'),
    });
  });
});

describe('SeizeIT2', () => {
  const [header, ...rows] = unpacked('seizeit2-all-events.tsv.gz').trimEnd().split('\n');
  const runs = new Map<string, string[]>();
  for (const row of rows) {
    const [run, ...fields] = row.split('\t') as [string, ...string[]];
    runs.set(run, [...(runs.get(run) ?? []), fields.join('\t')]);
  }
  const columns = header!.split('\t').slice(1).join('\t');

  test('all 2,850 events.tsv: 879 seizures of 51,478 s, what overlaps joined, what is negative rejected by name', async () => {
    const sums = { hours: 0, seizures: 0, seizureS: 0, impdS: 0 };
    const said = new Map<string, number>();
    let rowCount = 0;
    for (const [run, lines] of runs) {
      const path = await store(`events/${run}_events.tsv`, `${[columns, ...lines].join('\n')}\n`);
      const annotation = await readBidsEvents(path);
      const durationS = annotation.durationS!;
      const placed = placeSeizures(annotation, [{ startS: 0, durationS }], 1 / 256);
      rowCount += lines.length;
      sums.hours += durationS / 3600;
      sums.seizures += placed.seizureCount;
      sums.seizureS += secondsOf(placed.seizures);
      sums.impdS += secondsOf(placed.untrained);
      for (const { code } of [...annotation.notices, ...placed.notices])
        said.set(code, (said.get(code) ?? 0) + 1);
      expect(placed.reports).toEqual([]);
      expect(placed.excluded).toEqual([]);
    }
    expect([runs.size, rowCount]).toEqual([2850, 3660]);
    // Counted in Python: unions of intervals; of impd, what is no seizure.
    expect({ ...sums, hours: Math.round(sums.hours) }).toEqual({
      hours: 11_626,
      seizures: 879,
      seizureS: 51_478,
      impdS: 98_622,
    });
    expect(Object.fromEntries(said)).toEqual({
      ANNOTATION_EMPTY_EVENT: 5,
      ANNOTATION_NEGATIVE_EVENT: 5,
      // Five seizures of sub-055 are one.
      ANNOTATION_OVERLAP: 1,
    });
  });
});
