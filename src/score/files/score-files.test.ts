import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeEdf } from '../../edf/index.ts';
import { InputError } from '../../errors.ts';
import { DEFAULT_SCORING, type ScoreReport, scoreFiles } from './index.ts';
import { csvBi, json, type Span, scoringFolder, tsv } from './testing/written-files.ts';

const { write, score } = scoringFolder();

/** Without what names files. */
const scoresOnly = ({ szcore, nedc, durations, false_alarms_per_24h }: ScoreReport) => ({
  szcore,
  nedc,
  durations,
  false_alarms_per_24h,
});

describe('formats', () => {
  const WRITERS = { '.csv_bi': csvBi, '_events.tsv': tsv, '.seizures.json': json, '.csv': csvBi };
  const reference: Span[] = [[100, 160]];
  const hypothesis: Span[] = [
    [150.25, 190.5],
    [1000, 1010.25],
  ];

  test('mixed freely: the scores of planted events are the same in each, and as counted by hand', async () => {
    const expected = await score(
      { 'sub-1_a.csv_bi': csvBi(3600, reference) },
      { 'sub-1_a.csv_bi': csvBi(3600, hypothesis) },
    );
    // At 1 Hz the hypothesis is on from 150 to 190, rounded half to even, and from 1000 to 1010.
    expect(expected.szcore.sample).toMatchObject({
      refTrue: 60,
      tp: 10,
      fp: 40,
      sensitivity: 1 / 6,
      precision: 0.2,
    });
    expect(expected.szcore.event).toMatchObject({ refTrue: 1, tp: 1, fp: 1, f1: 2 / 3, fpRate: 24 });
    expect(expected.nedc.overlap.per_label.seiz).toMatchObject({ tgt: 1, hit: 1, mis: 0, fal: 1, flr: 24 });
    for (const [one, writeOne] of Object.entries(WRITERS))
      for (const [other, writeOther] of Object.entries(WRITERS)) {
        const report = await score(
          { [`x/sub-1_a${one}`]: writeOne(3600, reference) },
          { [`sub-1_a${other}`]: writeOther(3600, hypothesis) },
        );
        expect(scoresOnly(report)).toEqual(scoresOnly(expected));
      }
  });

  test("EDF+: a recording's own annotations; one beside another annotation, or without any, is none", async () => {
    const references = await write({ 'c.csv_bi': csvBi(60, [[10, 20]]) });
    const edf = (name: string, annotations: readonly { onsetS: number; durationS: number; text: string }[]) =>
      writeEdf(join(references, name), {
        patient: 'X X X X',
        recording: 'Startdate 02-MAR-2002 X X X',
        startedAt: '2002-03-02T04:05:06',
        recordDurationS: 1,
        signals: [
          {
            label: 'EEG Cz-REF',
            ...{ dimension: 'uV', physicalMin: -100, physicalMax: 100, digitalMin: -100, digitalMax: 100 },
            samplesPerRecord: 1,
            digital: new Int32Array(60),
          },
        ],
        annotations,
      });
    const seizure = { onsetS: 30, durationS: 15, text: 'seizure' };
    await edf('a.edf', [seizure, { onsetS: 50, durationS: 0, text: 'eyes open' }]);
    await edf('b.edf', [{ onsetS: 50, durationS: 0, text: 'eyes open' }]);
    await edf('c.edf', [seizure]);
    const hypotheses = await write({
      'a.csv_bi': csvBi(60, [[30, 40]]),
      'c.csv_bi': csvBi(60, [[10, 20]]),
    });
    const report = await scoreFiles({ ...DEFAULT_SCORING, reference: references, hypothesis: hypotheses });
    expect(report.recordings.map(({ recording, duration_s }) => [recording, duration_s])).toEqual([
      ['a', 60],
      ['c', 60],
    ]);
    // 15 s and 10 s of reference, of which 10 and 10 are found.
    expect(report.szcore.sample).toMatchObject({ refTrue: 25, tp: 20, fp: 0 });
    expect(report.notices.join()).not.toMatch(/not used/);
    const alone = (name: string) =>
      scoreFiles({
        ...DEFAULT_SCORING,
        reference: join(references, name),
        hypothesis: join(hypotheses, 'a.csv_bi'),
      });
    expect((await alone('a.edf')).szcore.sample).toMatchObject({ refTrue: 15, tp: 10 });
    await expect(alone('b.edf')).rejects.toThrow(/b\.edf: expected an annotation file/);
  });

  test('TUSZ per channel: a seizure on several channels is one', async () => {
    const channels = `${csvBi(3600, [[100, 150]], 'FP1-F7', 'fnsz')}C3-CZ,120.0000,160.0000,gnsz,1.0000\n`;
    const report = await score({ 'a.csv': channels }, { 'a.csv_bi': csvBi(3600, [[100, 160]]) });
    expect(report.szcore.event).toMatchObject({ refTrue: 1, tp: 1 });
    expect(report.nedc.taes.per_label.seiz).toMatchObject({ tgt: 1, hit: 1 });
  });

  test('of several annotations of one recording the .csv_bi is used, and that is said', async () => {
    const report = await score(
      { 'a.csv_bi': csvBi(60, [[10, 20]]), 'a.csv': csvBi(60, [[30, 50]], 'C3-CZ', 'fnsz') },
      { 'a.csv_bi': csvBi(60, [[10, 20]]) },
    );
    expect(report.szcore.sample).toMatchObject({ refTrue: 10, tp: 10, fp: 0 });
    expect(report.notices).toEqual([expect.stringMatching(/a\.csv: not used, for its recording has/)]);
  });

  test('BIDS: other tables and sidecars are none; types count as seizures; the subject is sub-X', async () => {
    const at = (name: string) => `sub-07/ses-01/eeg/sub-07_ses-01_task-szMonitoring_run-00_${name}`;
    const report = await score(
      {
        [at('events.tsv')]: tsv(600, [[100, 160]], 'sz_foc_ia'),
        [at('channels.tsv')]: 'name\ttype\n',
        [at('eeg.json')]: '{}',
        'participants.tsv': 'participant_id\n',
        'dataset_description.json': '{}',
      },
      { [at('events.tsv')]: tsv(600, [[100, 160]]) },
    );
    expect(Object.keys(report.szcore.subjects.by_subject)).toEqual(['sub-07']);
    expect(report.szcore.subjects.by_subject['sub-07']).toMatchObject({
      recordings: 1,
      event: { tp: 1, f1: 1 },
    });
    expect(report.recordings.map(({ recording }) => recording)).toEqual([at('').slice(0, -1)]);
  });
});

describe('pairing', () => {
  test('two files belong together, whatever their names', async () => {
    const folder = await write({ 'truth.json': json(60, [[10, 20]]), 'found.csv_bi': csvBi(60, [[10, 20]]) });
    const report = await scoreFiles({
      ...DEFAULT_SCORING,
      reference: join(folder, 'truth.json'),
      hypothesis: join(folder, 'found.csv_bi'),
    });
    expect(report.szcore.event).toMatchObject({ tp: 1, fp: 0 });
    expect(report.recordings[0]).toMatchObject({ recording: 'truth', hypothesis: 'scored' });
  });

  test('by path, or by a name that only one has', async () => {
    const report = await score(
      {
        'p1/a.csv_bi': csvBi(60, [[1, 9]]),
        'p2/a.csv_bi': csvBi(60, [[20, 30]]),
        'p3/b.csv_bi': csvBi(60, []),
      },
      {
        'p2/a_events.tsv': tsv(60, [[20, 30]]),
        'p1/a.csv_bi': csvBi(60, [[1, 9]]),
        'flat/b.csv_bi': csvBi(60, []),
      },
    );
    expect(report.recordings.every(({ hypothesis }) => hypothesis === 'scored')).toBe(true);
    expect(report.nedc.overlap.per_label.seiz).toMatchObject({ hit: 2, fal: 0 });
  });

  test('a name that two have and no path tells apart is an error that names the files', async () => {
    await expect(
      score({ 'p1/a.csv_bi': csvBi(60, []), 'p2/a.csv_bi': csvBi(60, []) }, { 'a.csv_bi': csvBi(60, []) }),
    ).rejects.toMatchObject({
      code: 'SCORE_PAIRING',
      message: expect.stringMatching(/p1\/a\.csv_bi, .*p2\/a\.csv_bi/),
    });
  });

  test('hypotheses of no reference are named, and not scored', async () => {
    const report = await score(
      { 'a.csv_bi': csvBi(60, []) },
      { 'a.csv_bi': csvBi(60, []), 'b.csv_bi': csvBi(60, [[1, 2]]) },
    );
    expect(report.unpaired).toEqual([expect.stringMatching(/b\.csv_bi$/)]);
    expect(report.durations).toMatchObject({ recordings: 1, hypothesis_seizures: 0 });
  });

  test('hypotheses none of which has a reference: another folder was meant', async () => {
    await expect(score({ 'a.csv_bi': csvBi(60, []) }, { 'b.csv_bi': csvBi(60, []) })).rejects.toMatchObject({
      code: 'SCORE_PAIRING',
      message: expect.stringMatching(/names as a, found b\./),
    });
  });
});

describe('hypotheses that cannot be scored count as empty, and are listed', () => {
  test.each([
    ['missing', {}, /no hypothesis has its name/],
    ['unreadable', { 'a.csv_bi': 'nothing' }, /a\.csv_bi:1: expected the columns/],
    ['unreadable', { 'a.csv_bi': csvBi(600, [[1, 2]], 'TERM', 'eyes') }, /label 'eyes' is not known/],
    ['unreadable', { 'a_events.tsv': tsv(600, []).split('\n')[0]! }, /expected events after the header/],
    ['unreadable', { 'a.seizures.json': '{' }, /expected JSON/],
    ['unreadable', { 'a.csv_bi': csvBi(600, [[1, 1e12]]) }, /within ten years, found 1000000000000/],
    ['wrong length', { 'a.csv_bi': csvBi(601, [[100, 160]]) }, /of 601 s, while the reference is of 600 s/],
    ['wrong length', { 'a.csv_bi': csvBi(599, [[100, 160]]) }, /of 599 s/],
  ] as const)('%s', async (state, hypotheses, reason) => {
    const report = await score(
      { 'a.csv_bi': csvBi(600, [[100, 160]]) },
      hypotheses as Record<string, string>,
    );
    expect(report.recordings[0]).toMatchObject({ hypothesis: state, reason: expect.stringMatching(reason) });
    expect(report.szcore.event).toMatchObject({
      refTrue: 1,
      tp: 0,
      fp: 0,
      sensitivity: 0,
      precision: null,
      f1: 0,
    });
    expect(report.szcore.subjects.cumulated.event_results).toMatchObject({ refTrue: 1, tp: 0, fp: 0 });
    expect(report.nedc.overlap.per_label.seiz).toMatchObject({ tgt: 1, hit: 0, mis: 1, fal: 0 });
  });

  test('a tolerance for durations; rounding between formats is no other length', async () => {
    const references = { 'a.csv_bi': csvBi(600.5049, [[100, 160]]) };
    const within = await score(
      references,
      {
        'a.csv_bi': csvBi(601.6, [
          [100, 160],
          [600.9, 601.5],
        ]),
      },
      { durationTolerance: 2 },
    );
    expect(within.recordings[0]!.hypothesis).toBe('scored');
    expect(within.szcore.sample).toMatchObject({ numSamples: 601, tp: 60 });
    const rounded = await score({ 'a.csv_bi': csvBi(600.4951, []) }, { 'a_events.tsv': tsv(600.5, []) });
    expect(rounded.recordings[0]!.hypothesis).toBe('scored');
  });
});

describe('references that cannot be scored are errors', () => {
  test.each([
    ['none', {}, 'SCORE_REFERENCE', /expected annotation files .* found none/],
    [
      'no duration',
      { 'a.csv_bi': csvBi(60, [[1, 2]]).replace(/# duration.*\n/, '') },
      'SCORE_REFERENCE',
      /duration/,
    ],
    ['unreadable', { 'a.csv_bi': 'nothing' }, 'ANNOTATION_LINE', /a\.csv_bi:1/],
    ['another label', { 'a_events.tsv': tsv(60, [[1, 2]], 'blink') }, 'ANNOTATION_LABEL', /blink/],
  ])('%s', async (_, references, code, message) => {
    await expect(
      score(references as Record<string, string>, { 'a.csv_bi': csvBi(60, []) }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a path that is not there, a file that is none', async () => {
    const folder = await write({ 'a.edf': '', 'a.csv_bi': csvBi(60, []) });
    const request = { ...DEFAULT_SCORING, hypothesis: join(folder, 'a.csv_bi') };
    await expect(scoreFiles({ ...request, reference: join(folder, 'no') })).rejects.toMatchObject({
      code: 'SCORE_PATH',
    });
    await expect(scoreFiles({ ...request, reference: join(folder, 'a.edf') })).rejects.toMatchObject({
      code: 'SCORE_FORMAT',
      message: expect.stringMatching(/a\.edf: expected an annotation file/),
    });
  });
});

test.each([0, 1, 59.99, 67, 86_400])('a recording of %d s', async (durationS) => {
  const events: Span[] = durationS === 0 ? [] : [[0, durationS]];
  const report = await score(
    { 'a.csv_bi': csvBi(durationS, events) },
    { 'a.csv_bi': csvBi(durationS, events) },
  );
  const pieces = Math.ceil(durationS / 300);
  expect(report.szcore.event).toMatchObject({
    refTrue: pieces,
    tp: pieces,
    fp: 0,
    fpRate: durationS === 0 ? null : 0,
  });
  expect(report.szcore.sample.numSamples).toBe(Math.round(durationS));
  expect(report.szcore.subjects.cumulated.sample_results.numSamples).toBe(Math.floor(durationS));
  expect(report.durations.recorded_s).toBe(durationS);
});

test('undefined is null, never 0: seizure-free recordings, nothing detected', async () => {
  const { szcore, nedc, false_alarms_per_24h } = await score(
    { 'a.csv_bi': csvBi(60, []) },
    { 'a.csv_bi': csvBi(60, []) },
  );
  for (const scores of [szcore.sample, szcore.event, szcore.subjects.per_subject_mean.event_results])
    expect(scores).toMatchObject({
      sensitivity: null,
      precision: null,
      f1: null,
      f1_before_v0_0_7: null,
      fpRate: 0,
    });
  expect(nedc.overlap.per_label.seiz).toMatchObject({ tpr: null, ppv: null, f1s: null, mcc: null, flr: 0 });
  expect(nedc.as_printed.overlap.per_label.seiz).toMatchObject({ tpr: 0, ppv: 0, f1s: 0, mcc: 0 });
  expect(false_alarms_per_24h).toMatchObject({ szcore_events_all_recordings: 0, nedc_taes_seiz: 0 });
});

test('property: other names for recordings of a subject, so another order, are the same scores', async () => {
  const anySpans = fc
    .array(fc.integer({ min: 0, max: 5999 }), { maxLength: 8 })
    .map((marks) => [...new Set(marks)].sort((a, b) => a - b).map((mark) => mark / 10))
    .map((times) =>
      Array.from({ length: times.length >> 1 }, (_, i): Span => [times[2 * i]!, times[2 * i + 1]!]),
    );
  const anyRecordings = fc.array(fc.tuple(anySpans, anySpans), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(anyRecordings, async (recordings) => {
      const named = (nameOf: (index: number) => string) => {
        const files = (side: 0 | 1) =>
          Object.fromEntries(
            recordings.map((pair, index) => [
              `sub-1/${nameOf(index)}.csv_bi`,
              csvBi(600 + index / 3, pair[side]),
            ]),
          );
        return score(files(0), files(1));
      };
      const [one, other] = [await named((index) => `r${index}`), await named((index) => `r${9 - index}`)];
      expect(scoresOnly(other)).toEqual(scoresOnly(one));
    }),
    { numRuns: 25 },
  );
});

test('property: a damaged hypothesis is scored or listed, a damaged reference scored or refused by name', async () => {
  const texts = {
    '.csv_bi': csvBi(600, [
      [10, 20],
      [30, 45.5],
    ]),
    '_events.tsv': tsv(600, [[10, 20]], 'sz_foc'),
    '.seizures.json': json(600, [[10, 20]]),
  };
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(
      '\n',
      '\t',
      ',',
      '-',
      '1e999',
      '1e300',
      '-1e7',
      'NaN',
      'sz',
      'seiz',
      '\u0000',
      '0',
      '"',
      '{',
      '[]',
    ),
  );
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(12), piece), { minLength: 1, maxLength: 4 });
  const anyEnding = fc.constantFrom(...(Object.keys(texts) as (keyof typeof texts)[]));
  await fc.assert(
    fc.asyncProperty(anyEnding, damage, fc.boolean(), async (ending, edits, isReference) => {
      let content = texts[ending];
      for (const [place, length, insert] of edits) {
        const at = place % (content.length + 1);
        content = content.slice(0, at) + insert + content.slice(at + length);
      }
      const [damaged, whole] = [{ [`a${ending}`]: content }, { 'a.csv_bi': texts['.csv_bi'] }];
      try {
        const report = isReference ? await score(damaged, whole) : await score(whole, damaged);
        expect(JSON.stringify(scoresOnly(report))).not.toMatch(/NaN|Infinity|undefined/);
        expect(report.recordings).toHaveLength(1);
        for (const value of Object.values(report.szcore.event))
          expect(value === null || Number.isFinite(value)).toBe(true);
      } catch (error) {
        if (!(error instanceof InputError) || !isReference) throw error;
        expect(error.message).toMatch(/a(\.csv_bi|_events\.tsv|\.seizures\.json)/);
      }
    }),
    { numRuns: 300 },
  );
});

describe('SeizeIT2', () => {
  const fixture = new URL('../../annotations/fixtures/seizeit2-events.tsv', import.meta.url);
  const text = readFileSync(fixture, 'utf8');
  const [header, ...rows] = text.trim().split('\n');
  const files: Record<string, string> = {};
  for (const row of rows) files[`${row.split('\t')[0]}_events.tsv`] ??= `${header}\n`;
  for (const row of rows) files[`${row.split('\t')[0]}_events.tsv`] += `${row}\n`;
  const seizures = rows.filter((row) => /\tsz/.test(row)).length;

  test('the public seizure times of each recording, scored against themselves', async () => {
    const report = await score(files, files);
    const recordings = Object.keys(files).length;
    expect(report.durations).toMatchObject({ recordings, reference_seizures: seizures });
    expect(report.nedc.overlap.per_label.seiz).toMatchObject({ tgt: seizures, hit: seizures, fal: 0 });
    expect(report.szcore.event).toMatchObject({ f1: 1, fp: 0 });
  });

  test('one table of many recordings is the same as a file for each, on either side', async () => {
    const expected = scoresOnly(await score(files, files));
    const table = join(await write({ 'all_events.tsv': text }), 'all_events.tsv');
    const folder = await write(files);
    for (const [reference, hypothesis] of [
      [table, table],
      [table, folder],
      [folder, table],
    ] as const)
      expect(scoresOnly(await scoreFiles({ ...DEFAULT_SCORING, reference, hypothesis }))).toEqual(expected);
  });

  test.each([
    ['a label that is not known', /\tsz[^\t]*/, '\tblink', 'ANNOTATION_LABEL'],
    ['a row without recording', /\nsub-031[^\t]*/, '\n', 'ANNOTATION_LINE'],
    ['another duration', /\nsub-031[^\t]*/, '\nsub-034_ses-01_task-szMonitoring_run-09', 'ANNOTATION_LINE'],
  ])('a table with %s is an error with its line', async (_, from, to, code) => {
    const folder = await write({ 'all_events.tsv': text.replace(from, to), 'a_events.tsv': tsv(60, []) });
    const table = join(folder, 'all_events.tsv');
    await expect(
      scoreFiles({ ...DEFAULT_SCORING, reference: table, hypothesis: table }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(/all_events\.tsv:\d+: /) });
  });
});
