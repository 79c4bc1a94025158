import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRun } from '../runs/index.ts';
import { startWith } from '../runs/testing/starts.ts';
import { stateAt, tensorsFilledWith } from '../runs/testing/states.ts';
import { Corpus, SAMPLE, type SetUp } from './testing/corpus.ts';
import { examined, named } from './testing/looking.ts';
import { type } from './testing/shell.ts';

let corpus: Corpus;
let setUp: SetUp;
const root = mkdtempSync(join(tmpdir(), 'bgb-target-'));
beforeAll(async () => {
  corpus = await Corpus.make();
  setUp = corpus.copy();
  const run = await createRun(join(root, 'results/one'), startWith());
  run.events.append('step', 1, { loss: 1 });
  const { events: _events, data: _data, code_version: _version, ...state } = stateAt(1);
  await run.saveCheckpoint('last', { tensors: tensorsFilledWith(1), state });
  await run.finish(1, {});
  writeFileSync(join(root, 'results/one/run.log'), 'INFO\n');
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'notes.log'), 'epoch 1\n');
  writeFileSync(join(root, 'scores.json'), '{"f1": 1}');
  writeFileSync(join(root, 'events.jsonl'), '{"step": 1}\n{"step": 2}\n');
  writeFileSync(join(root, 'model.safetensors'), '\0\0');
  writeFileSync(join(root, 'blob'), Buffer.from([0, 1, 2, 0]));
});
afterAll(() => {
  corpus[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

test.each([
  ['results/one/events.jsonl', /a file of the run results\/one\. Give its folder: bgb doctor results\/one\n/],
  ['results/one/run.json', /a file of the run results\/one\./],
  ['results/one/run.log', /a file of the run results\/one\./],
  ['results/one/checkpoints/last.json', /a file of the run results\/one\./],
  ['results/one/checkpoints', /a part of the run results\/one\. Give its folder: bgb doctor results\/one\n/],
  ['results', /a folder of runs\. Give one of them, such as results\/one;/],
  ['events.jsonl', /a JSON file, and no configuration\. Give a configuration \(YAML\), a run's folder/],
  ['scores.json', /a JSON file, and no configuration\./],
  ['notes.log', /a log, and no configuration\./],
  ['model.safetensors', /weights, which are of no run here\./],
  ['blob', /a file, and no configuration\./],
  ['empty', /a folder without cache entries, recordings or a run\./],
  ['nowhere', /there is nothing of that name\./],
])('%s is refused with what it is, and what to give', (path, expected) => {
  const { code, output, errors } = type(`bgb doctor ${path}`, { cwd: root });
  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(errors).toMatch(expected);
});

test.each([
  ['cache/train/chb01/chb01_03_clip.npz', /a file of a cache\. Give its folder: bgb doctor cache\n/],
  ['cache/train/manifest.json', /a file of a cache\. Give its folder: bgb doctor cache\n/],
  [
    'data/chb01/chb01_03_clip.edf',
    /a recording\. bgb edf \S+ shows it\. Give its folder: bgb doctor data\/chb01\n/,
  ],
  [
    'data/chb01/chb01_03_clip.csv_bi',
    /an annotation, by its name\. Give its folder: bgb doctor data\/chb01\n/,
  ],
])('%s is refused with where it belongs', (path, expected) => {
  const { code, errors } = type(`bgb doctor ${path}`, { cwd: setUp.root });
  expect(code).toBe(2);
  expect(errors).toMatch(expected);
});

test('a configuration of another name is one all the same', async () => {
  const other = join(setUp.root, 'train.conf');
  renameSync(setUp.config, other);
  expect(named(await examined(other))).toEqual([]);
  renameSync(other, setUp.config);
});

test('a folder of recordings: what it holds, and what a build would leave out', async () => {
  const data = join(root, 'data');
  cpSync(join(SAMPLE, 'chb01'), join(data, 'chb01'), { recursive: true });
  cpSync(join(SAMPLE, 'chb03'), join(data, 'chb03'), { recursive: true });
  const healthy = await examined(data);
  expect(named(healthy)).toEqual([]);
  expect(healthy.checklist.filter(({ item }) => /recordings|labels/.test(item))).toEqual([
    {
      item: 'recordings',
      state: 'ok',
      says: expect.stringMatching(/^\d+ recordings \(.* h\), of 2 patients$/),
    },
    { item: 'labels', state: 'ok', says: expect.stringMatching(/^seiz \d+\.0 s/) },
  ]);
  rmSync(join(data, 'chb01/chb01_03_clip.csv_bi'));
  writeFileSync(join(data, 'chb01/chb01_05.edf'), 'nothing');
  cpSync(join(data, 'chb01/chb01_04_clip.edf'), join(data, 'someone.edf'));
  cpSync(join(data, 'chb01/chb01_04_clip.csv_bi'), join(data, 'someone.csv_bi'));
  const found = await examined(data);
  expect(named(found)).toEqual(['A5 annotations-missing', 'B5 recordings-rejected', 'C1 patients-unnamed']);
  const evidence = found.findings.map((finding) => finding.evidence).join('\n');
  expect(evidence).toMatch(/1 of \d+ recordings looked at: no annotation of chb01\/chb01_03_clip\.edf/);
  expect(evidence).toMatch(/chb01\/chb01_05\.edf/);
  expect(evidence).toMatch(/1 of \d+ recordings: someone\.edf/);
  for (const { fix } of found.findings) expect(fix.command).toBe(null);
});
