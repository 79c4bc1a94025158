import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBgbJson, readBidsEvents, readTuszCsv } from '../annotations/index.ts';
import { type PredictionRequest, predictRecordings } from './predict-recordings.ts';
import { type PredictionFormat, predictionPath, writePrediction } from './prediction-file.ts';
import { saveUntrained } from './testing/checkpoint.ts';

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 37 s without a hole. */
const WHOLE = 'sub-01/ses-01/eeg/sub-01_ses-01_task-szMonitoring_run-00_eeg.edf';
/** 0-10 s and 20-30 s. */
const WITH_HOLE = 'sub-02/ses-01/eeg/sub-02_ses-01_task-szMonitoring_run-00_eeg.edf';
const input = join(folder, 'bids');
let checkpoint: string;
let outputs = 0;

beforeAll(async () => {
  for (const [name, source] of [
    [WHOLE, 'chb01/chb01_04_clip.edf'],
    [WITH_HOLE, 'chb03/chb03_01_clip_edfplusD.edf'],
  ] as const)
    cpSync(sample(source), join(input, name));
  // So low that whatever is recorded is a seizure, for what an untrained model says.
  const set = [
    'postprocessing.hysteresis.tau_on=1e-6',
    'postprocessing.hysteresis.tau_off=1e-7',
    'postprocessing.morphology.opening_kernel=1',
    'postprocessing.morphology.closing_kernel=1',
    'postprocessing.duration.max_duration_s=30',
  ];
  checkpoint = await saveUntrained(join(folder, 'run'), set);
});

const predict = (more: Partial<PredictionRequest> = {}) => {
  const output = join(folder, `out-${outputs++}`);
  return predictRecordings({
    checkpoint,
    input,
    output,
    format: 'json',
    device: 'cpu',
    isReferenceForced: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  }).then((report) => ({ ...report, output: more.output ?? output }));
};

test.each([
  ['csv_bi', '_eeg.csv_bi', readTuszCsv],
  ['szcore', '_events.tsv', readBidsEvents],
  ['json', '_eeg.seizures.json', readBgbJson],
] as const)(
  'G5, G6: %s: one file a recording of a BIDS tree, in its own time, a hole is no seizure',
  async (format, ending, read) => {
    const { output, recordings, unusable } = await predict({ format });
    expect(unusable).toEqual([]);
    expect(
      recordings.map(({ recording, duration_s, seizures }) => [recording, duration_s, seizures]),
    ).toEqual([
      [WHOLE, 37, 1],
      [WITH_HOLE, 30, 2],
    ]);
    const found = async (name: string) => {
      const { durationS, events } = await read(join(output, name.replace('_eeg.edf', ending)));
      const seizures = events.filter(({ meaning }) => meaning === 'seizure');
      return [durationS, seizures.map(({ startS, endS }) => [startS, endS])];
    };
    expect(await found(WHOLE)).toEqual([37, [[0, 37]]]);
    expect(await found(WITH_HOLE)).toEqual([
      30,
      [
        [0, 10],
        [20, 30],
      ],
    ]);
  },
);

test('prepared by threads beside it, recordings get the same files to the byte', async () => {
  const [here, beside] = [await predict(), await predict({ threads: 2 })];
  const written = ({ output, recordings }: typeof here) =>
    recordings.map(({ file }) => [file.slice(output.length), readFileSync(file, 'utf8')]);
  expect(written(beside)).toEqual(written(here));
});

test('SzCORE: the start of the recording, types that it knows', async () => {
  const output = join(folder, 'tmp.tsv');
  await predict({ format: 'szcore', input: join(input, WHOLE), output });
  expect(readFileSync(output, 'utf8')).toMatch(
    /^onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n0\.00\t37\.00\tsz\t[01]\.\d\d\tn\/a\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t37\.00\n$/,
  );
});

test('JSON says what it was made with', async () => {
  const { output, checkpoint_sha256 } = await predict({ input: join(input, WHOLE) });
  const [file] = readdirSync(output);
  expect(JSON.parse(readFileSync(join(output, file!), 'utf8'))).toMatchObject({
    made_by: 'bgb predict',
    checkpoint_sha256,
    postprocessing: { hysteresis: { tau_on: 1e-6 } },
    longer_than_max_duration_s: [{ start_s: 0, end_s: 37 }],
  });
});

test('B9: of a recording that cannot be used nothing is written, and it is named; the others are', async () => {
  const mixed = join(folder, 'mixed');
  mkdirSync(mixed);
  cpSync(sample('chb01/chb01_04_clip.edf'), join(mixed, 'good.edf'));
  writeFileSync(join(mixed, 'bad.edf'), 'not an EDF');
  writeFileSync(join(mixed, 'cut.edf'), readFileSync(sample('chb01/chb01_04_clip.edf')).subarray(0, 3000));
  const { output, recordings, unusable } = await predict({ input: mixed, format: 'csv_bi' });
  expect(recordings.map(({ recording }) => recording)).toEqual(['good.edf']);
  expect(unusable.map(({ recording }) => recording)).toEqual(['bad.edf', 'cut.edf']);
  expect(unusable[0]!.reason).toMatch(/bad\.edf/);
  expect(readdirSync(output)).toEqual(['good.csv_bi']);
});

test('a recording of another reference than the model knows cannot be used, unless that is forced', async () => {
  const average = await saveUntrained(join(folder, 'average'), [], ['average']);
  const request = { checkpoint: average, input: join(input, WHOLE) };
  const { recordings, unusable } = await predict(request);
  expect(recordings).toEqual([]);
  expect(unusable[0]!.reason).toMatch(/recorded against .*, the model was trained on average.*--force/);
  expect((await predict({ ...request, isReferenceForced: true })).recordings).toHaveLength(1);
});

test('input that is none: an error, and nothing written', async () => {
  const output = join(folder, 'never');
  await expect(predict({ input: join(folder, 'no'), output })).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  mkdirSync(join(folder, 'empty'));
  await expect(predict({ input: join(folder, 'empty'), output })).rejects.toMatchObject({
    code: 'DATA_EMPTY',
  });
  mkdirSync(join(folder, 'clash'));
  for (const name of ['a.edf', 'a.bdf']) writeFileSync(join(folder, 'clash', name), '');
  await expect(predict({ input: join(folder, 'clash'), output })).rejects.toMatchObject({
    code: 'DATA_CLASH',
  });
  await expect(predict({ checkpoint: join(folder, 'empty'), output })).rejects.toMatchObject({
    code: 'CHECKPOINT_MISSING',
  });
  expect(existsSync(output)).toBe(false);
});

test.each([
  ['a.edf', 'a.csv_bi', 'a_events.tsv', 'a.seizures.json'],
  ['x/a_eeg.EDF', 'x/a_eeg.csv_bi', 'x/a_events.tsv', 'x/a_eeg.seizures.json'],
  ['a.b.bdf', 'a.b.csv_bi', 'a.b_events.tsv', 'a.b.seizures.json'],
])('names of files for %s', (recording, ...expected) => {
  expect((['csv_bi', 'szcore', 'json'] as const).map((format) => predictionPath(recording, format))).toEqual(
    expected,
  );
});

test('events that a format cannot tell apart or hold: as long as it can, one where they meet, never lost', async () => {
  const events = [
    { startS: 5, endS: 5.002, confidence: 0.5 },
    { startS: 5.004, endS: 5.006, confidence: 0.75 },
    { startS: 9.9999, endS: 10.0001, confidence: 1.0000001 },
  ];
  const written = async (format: PredictionFormat, read: typeof readBidsEvents) => {
    const path = join(folder, `short.${format}`);
    await writePrediction(path, format, { name: 'short', durationS: 10, events }, {});
    const { events: found } = await read(path);
    return found
      .filter(({ meaning }) => meaning === 'seizure')
      .map(({ startS, endS, confidence }) => [startS, Number(endS.toFixed(4)), confidence]);
  };
  expect(await written('szcore', readBidsEvents)).toEqual([
    [5, 5.02, 0.75],
    [9.98, 10, 1],
  ]);
  expect(await written('csv_bi', readTuszCsv)).toEqual([
    [5, 5.002, 0.5],
    [5.004, 5.006, 0.75],
    [9.9998, 10, 1],
  ]);
});
