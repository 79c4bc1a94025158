/** Faults of recordings and annotations, before and after their entries were built. */
import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, Corpus, SAMPLE } from './testing/corpus.ts';
import { type Fault, findAndMend, heal, spoil } from './testing/planting.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.make();
});
afterAll(() => corpus[Symbol.dispose]());

const FAULTS: readonly Fault[] = [
  {
    name: 'a label that is not known',
    plant: async ({ data }) => {
      const path = join(data, 'chb01/chb01_04_clip.csv_bi');
      writeFileSync(path, readFileSync(path, 'utf8').replace(/seiz(?=,1\.0000)/, 'artf'));
      await build({ data, cache: join(data, '../cache') });
    },
    expected: ['A2 unknown-labels'],
    evidence: /1 of 2 recordings .*the label 'artf' is not known/,
  },
  {
    name: 'an annotation that is missing',
    plant: async ({ data, root }) => {
      renameSync(join(data, 'chb01/chb01_04_clip.csv_bi'), join(root, 'chb01_04_clip.csv_bi'));
      await build({ data, cache: join(data, '../cache') });
    },
    expected: ['A5 annotations-missing'],
    evidence: /1 of 2 recordings: chb01\/chb01_04_clip/,
  },
  {
    name: 'an annotation that cannot be read',
    plant: ({ data }) =>
      spoil(join(data, 'chb01/chb01_04_clip.csv_bi'), (text) => text.replace(/,seiz,/, ';seiz;')),
    expected: ['A1 unreadable-annotations'],
    evidence: /1 of 2 recordings .*chb01_04_clip\.csv_bi/,
  },
  {
    name: 'an annotation of another length',
    plant: ({ data }) =>
      spoil(join(data, 'chb01/chb01_04_clip.csv_bi'), (text) =>
        text.replace(/# duration = \S+/, '# duration = 500.0000'),
      ),
    expected: ['A6 durations-disagree'],
    evidence: /the annotation is of 500 s, the recording has 37 s/,
  },
  {
    name: 'a recording without the channels of the montage',
    plant: ({ data }) =>
      spoil(join(data, 'chb01/chb01_04_clip.edf'), (text) => text.replace('FP1-F7', 'XX1-X7')),
    expected: ['B1 channels-missing'],
    evidence: /the montage double-banana needs Fp1-F7/,
  },
  {
    name: 'a recording that is no EDF file',
    plant: ({ data }) => spoil(join(data, 'chb01/chb01_04_clip.edf'), () => 'nothing'),
    expected: ['B5 recordings-rejected'],
    evidence: /1 of 2 recordings .*chb01_04_clip\.edf/,
  },
  {
    name: 'an annotation that was missing, and is there again',
    plant: async ({ data, root }) => {
      renameSync(join(data, 'chb01/chb01_04_clip.csv_bi'), join(root, 'chb01_04_clip.csv_bi'));
      await build({ data, cache: join(data, '../cache') });
      renameSync(join(root, 'chb01_04_clip.csv_bi'), join(data, 'chb01/chb01_04_clip.csv_bi'));
    },
    expected: ['A5 annotations-missing'],
    evidence: /1 of 2 recordings: chb01\/chb01_04_clip/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'an annotation that was damaged, and is corrected',
    plant: async ({ data }) => {
      const path = join(data, 'chb01/chb01_04_clip.csv_bi');
      await spoil(path, (text) => text.replace(/,seiz,/, ';seiz;'));
      heal(path);
    },
    expected: ['A1 unreadable-annotations'],
    evidence: /chb01_04_clip\.csv_bi/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'one recording that is no EDF file, and one without an annotation: both are left out',
    plant: async ({ data }) => {
      rmSync(join(data, 'chb01/chb01_04_clip.csv_bi'));
      const others = join(data, 'chb03/chb03_01_clip_edfplusD.edf');
      cpSync(others, `${others}.kept`);
      await spoil(others, () => 'nothing');
    },
    expected: ['A5 annotations-missing', 'B5 recordings-rejected'],
    evidence: /1 of 2 recordings/,
    keeps: 'chb01/chb01_03_clip.npz',
  },
  {
    name: 'a recording of nobody knows whom',
    plant: ({ data }) => {
      for (const ending of ['.edf', '.csv_bi'])
        cpSync(join(data, `chb01/chb01_04_clip${ending}`), join(data, `someone${ending}`));
    },
    expected: ['C1 patients-unnamed', 'D4 cache-incomplete'],
    evidence: /1 of 5 recordings: someone\.edf/,
  },
  {
    name: 'an annotation that was corrected after its entry was built',
    plant: ({ data }) => {
      const path = join(data, 'chb01/chb01_04_clip.csv_bi');
      // Of the same length, so that only its content tells.
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('10.0000', '12.0000'));
    },
    expected: ['A8 inputs-changed'],
    evidence: /1 entry; 1 file is another, such as \S+chb01_04_clip\.csv_bi$/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'a recording that was replaced after its entry was built',
    plant: ({ data }) => appendFileSync(join(data, 'chb01/chb01_04_clip.edf'), 'x'),
    expected: ['A8 inputs-changed'],
    evidence: /1 entry; 1 file is another, such as \S+chb01_04_clip\.edf$/,
  },
  {
    name: 'an annotation that was removed after its entry was built',
    plant: ({ data }) => rmSync(join(data, 'chb01/chb01_04_clip.csv_bi')),
    expected: ['A5 annotations-gone'],
    evidence: /1 entry; 1 file is gone, such as \S+chb01_04_clip\.csv_bi$/,
  },
  {
    name: 'an annotation with the only seizures of train that was removed: without it nothing could be learnt',
    plant: async ({ data, root }) => {
      const other = join(data, 'chb01/chb01_03_clip.csv_bi');
      writeFileSync(other, readFileSync(other, 'utf8').replace(',seiz,', ',bckg,'));
      await build({ data, cache: join(root, 'cache') });
      renameSync(join(data, 'chb01/chb01_04_clip.csv_bi'), join(root, 'chb01_04_clip.csv_bi'));
    },
    before: ({ data, root }) =>
      renameSync(join(root, 'chb01_04_clip.csv_bi'), join(data, 'chb01/chb01_04_clip.csv_bi')),
    expected: ['A5 annotations-gone'],
    evidence: /1 entry; 1 file is gone/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'a recording that is left out, and still has an entry',
    changes: [['data_dir:', 'exclude: [chb01/chb01_04_clip.edf]\n  data_dir:']],
    plant: () => undefined,
    expected: ['D3 excluded-entries'],
    evidence: /1 entry in \S+train: chb01\/chb01_04_clip\.edf$/,
  },
  {
    name: 'annotations of all that is trained on are missing: nothing is built, and no census says why',
    plant: async ({ data }) => {
      for (const name of ['chb01_03_clip', 'chb01_04_clip']) rmSync(join(data, `chb01/${name}.csv_bi`));
      await build({ data, cache: join(data, '../cache') });
      for (const name of ['chb01_03_clip', 'chb01_04_clip'])
        cpSync(join(SAMPLE, `chb01/${name}.csv_bi`), join(data, `${name}.csv_bi`));
    },
    before: ({ data }) => {
      for (const name of ['chb01_03_clip', 'chb01_04_clip'])
        renameSync(join(data, `${name}.csv_bi`), join(data, `chb01/${name}.csv_bi`));
    },
    expected: ['A5 annotations-missing', 'D4 cache-missing'],
    evidence:
      /2 of 2 recordings without an entry of what they are now: no annotation of chb01\/chb01_03_clip\.edf, chb01\/chb01_04_clip\.edf/,
    keeps: 'chb01/chb01_04_clip.npz',
  },
  {
    name: 'annotations without a seizure',
    plant: async ({ data }) => {
      for (const name of ['chb01_03_clip', 'chb01_04_clip'])
        await spoil(join(data, `chb01/${name}.csv_bi`), (text) => text.replace(/^TERM,.*seiz.*\n?/gm, ''));
    },
    before: ({ data }) => {
      for (const name of ['chb01_03_clip', 'chb01_04_clip']) heal(join(data, `chb01/${name}.csv_bi`));
    },
    expected: ['E1 no-seizures'],
    evidence: /41 windows of 1024 samples, none with seizure; 0 seizures of 0\.0 s annotated/,
  },
  {
    name: 'two recordings of one name',
    plant: ({ data }) => cpSync(join(data, 'chb01/chb01_04_clip.edf'), join(data, 'chb01/chb01_04_clip.bdf')),
    expected: ['D10 stem-collision'],
    evidence: /chb01_04_clip\.bdf and .*chb01_04_clip\.edf/,
  },
];

test.each(FAULTS)('$name: found, and nothing else; mended by what is printed', (fault) =>
  findAndMend(fault, corpus.copy(fault.changes)),
);

test('of several data folders, each fault of a recording is found and mended as of one', async () => {
  const names = [
    /^an annotation that is missing$/,
    /^a recording that is no EDF file$/,
    /^annotations of all that/,
  ];
  const more = [
    /^an annotation that was removed/,
    /^a recording that was replaced/,
    /^two recordings of one name$/,
  ];
  const faults = FAULTS.filter(({ name }) => [...names, ...more].some((pattern) => pattern.test(name)));
  expect(faults).toHaveLength(6);
  for (const fault of faults) {
    const setUp = corpus.copy(fault.changes);
    // Entries lie below the folders' names, which are those of the patients.
    const folders = JSON.stringify(['chb01', 'chb03'].map((name) => join(setUp.data, name)));
    const text = readFileSync(setUp.config, 'utf8');
    writeFileSync(setUp.config, text.replace(`data_dir: ${setUp.data}`, `data_dir: ${folders}`));
    await findAndMend(fault, setUp);
  }
});
