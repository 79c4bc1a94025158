import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { assignRecordings, type SplitChoice } from './splits.ts';

const base = mkdtempSync(join(tmpdir(), 'bgb-splits-'));
afterAll(() => rmSync(base, { recursive: true }));

let count = 0;
let root: string;
let said: string[];
beforeEach(() => {
  root = join(base, String(++count));
  said = [];
});

const put = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
};

type Asked = Partial<Omit<SplitChoice, 'dataDirs'>>;

/** Which recordings are of which split, by name. */
async function divided(folders: string | readonly string[], choice: Asked = {}) {
  const dataDirs = [folders].flat().map((name) => join(root, name));
  const assigned = await assignRecordings(
    { dataDirs, split: null, validationSplit: 0.5, seed: 1, ...choice },
    (sentence) => said.push(sentence),
  );
  const of = (split: string) =>
    assigned.filter((recording) => recording.split === split).map(({ entry }) => entry);
  return { train: of('train'), dev: of('dev'), eval: of('eval') };
}

const TUSZ = [
  'train/aaaaaaaa/s001_2002/02_tcp_le/aaaaaaaa_s001_t000.edf',
  'train/aaaaaaab/s001_2003/01_tcp_ar/aaaaaaab_s001_t000.edf',
  'dev/aaaaaaac/s001_2004/01_tcp_ar/aaaaaaac_s001_t000.edf',
  'eval/aaaaaaad/s001_2005/01_tcp_ar/aaaaaaad_s001_t000.edf',
];
const below = (split: string) =>
  TUSZ.filter((name) => name.startsWith(`${split}/`)).map((name) => name.slice(split.length + 1));
const OFFICIAL = { train: below('train'), dev: below('dev'), eval: below('eval') };

describe("the corpus's official split", () => {
  beforeEach(() => put(...TUSZ.map((name) => `edf/${name}`)));

  test('a folder that ends in train with a dev beside it is all of it; validation_split is ignored and that is said', async () => {
    expect(await divided('edf/train')).toEqual(OFFICIAL);
    expect(said).toEqual([
      'The official split of the corpus is used (train, dev, eval); validation_split is ignored.',
    ]);
  });

  test('so is the folder above; --split takes one of them', async () => {
    expect(await divided('edf')).toEqual(OFFICIAL);
    const none = { train: [], dev: [], eval: [] };
    expect(await divided('edf', { split: 'train', validationSplit: null })).toEqual({
      ...none,
      train: OFFICIAL.train,
    });
    expect(await divided('edf/train', { split: 'dev' })).toEqual({ ...none, dev: OFFICIAL.dev });
  });

  test('the dev or eval beside a train stays what it is', async () => {
    expect(await divided('edf/dev')).toEqual({ train: [], dev: OFFICIAL.dev, eval: [] });
    await expect(divided('edf/eval', { split: 'train' })).rejects.toThrow(
      /--split train: none of the 1 recordings is of it. They are of eval/,
    );
  });

  test('to predict, nothing is divided', async () => {
    const all = await divided('edf/dev', { split: 'eval', isUndivided: true });
    expect(all).toEqual({ train: [], dev: [], eval: OFFICIAL.dev });
  });

  test('C1: a patient in two of its folders is refused, with both recordings', async () => {
    put('edf/dev/aaaaaaab/s009_2009/01_tcp_ar/aaaaaaab_s009_t000.edf');
    await expect(divided('edf')).rejects.toThrow(
      /aaaaaaab is in two splits: .*aaaaaaab_s001_t000\.edf is train, .*aaaaaaab_s009_t000\.edf is dev/,
    );
  });

  test('a fold or a split file would break it up: refused', async () => {
    await expect(divided('edf', { fold: { index: 1, count: 2 } })).rejects.toThrow(
      /official split, which --fold/,
    );
    await expect(divided('edf', { splitFile: 'x.yaml' })).rejects.toThrow(/which data\.split_file/);
  });

  test('a folder of it without recordings is not passed over', async () => {
    mkdirSync(join(root, 'edf/val'));
    await expect(divided('edf')).rejects.toThrow(/both dev and val/);
    rmSync(join(root, 'edf/dev'), { recursive: true });
    await expect(divided('edf')).rejects.toThrow(
      /val is a split of the corpus by its name, but holds no recordings/,
    );
  });

  test('a recording beside its folders is not passed over', async () => {
    put('edf/aaaaaaaz_s001_t000.edf');
    await expect(divided('edf')).rejects.toThrow(/aaaaaaaz_s001_t000\.edf is in none of them/);
  });

  test('C4: val is dev', async () => {
    put('other/train/chb01_01.edf', 'other/val/chb02_01.edf');
    expect(await divided('other')).toEqual({ train: ['chb01_01.edf'], dev: ['chb02_01.edf'], eval: [] });
  });

  test('links into place are followed', async () => {
    mkdirSync(join(root, 'linked'));
    for (const split of ['train', 'dev']) symlinkSync(join(root, 'edf', split), join(root, 'linked', split));
    expect(await divided('linked/train')).toEqual({ ...OFFICIAL, eval: [] });
  });
});

describe('a corpus without one', () => {
  beforeEach(() =>
    put(
      'data/chb01/chb01_01.edf',
      'data/chb21/chb21_01.edf',
      'data/chb02/chb02_01.edf',
      'data/chb02/chb02_02.edf',
    ),
  );

  test('C1, C2: patients are drawn, never recordings: chb21 goes with chb01', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { train, dev } = await divided('data', { seed });
      expect([...train, ...dev].sort()).toHaveLength(4);
      expect(train.includes('chb01/chb01_01.edf')).toBe(train.includes('chb21/chb21_01.edf'));
      expect(train.includes('chb02/chb02_01.edf')).toBe(train.includes('chb02/chb02_02.edf'));
      expect(dev.length).toBe(2);
    }
  });

  test('--split alone says what all are; with a share it takes that part', async () => {
    expect((await divided('data', { split: 'eval', validationSplit: null })).eval).toHaveLength(4);
    expect((await divided('data', { split: 'eval', validationSplit: 0 })).eval).toHaveLength(4);
    const { train, dev } = await divided('data');
    expect(await divided('data', { split: 'dev' })).toEqual({ train: [], dev, eval: [] });
    expect(await divided('data', { split: 'train' })).toEqual({ train, dev: [], eval: [] });
  });

  test('--fold leaves patients out; each once', async () => {
    const folds = [1, 2].map((index) => divided('data', { fold: { index, count: 2 } }));
    const out = (await Promise.all(folds)).map(({ dev }) => dev);
    expect(out.flat().sort()).toHaveLength(4);
    expect(out[0]!.some((name) => out[1]!.includes(name))).toBe(false);
    await expect(divided('data', { fold: { index: 1, count: 3 } })).rejects.toThrow(/only 2 patients/);
  });

  test('a split file decides', async () => {
    writeFileSync(join(root, 'splits.yaml'), 'train: [chb02]\neval: [chb01]\n');
    const splitFile = join(root, 'splits.yaml');
    expect(await divided('data', { splitFile })).toEqual({
      train: ['chb02/chb02_01.edf', 'chb02/chb02_02.edf'],
      dev: [],
      eval: ['chb01/chb01_01.edf', 'chb21/chb21_01.edf'],
    });
    await expect(divided('data', { splitFile, fold: { index: 1, count: 2 } })).rejects.toThrow(
      /data\.split_file and --fold each say how to divide/,
    );
  });

  test('one patient: all for training, and that is said', async () => {
    put('one/chb03_01.edf', 'one/chb03_02.edf');
    expect((await divided('one')).train).toHaveLength(2);
    expect(said).toEqual([
      'All recordings are of one patient, chb03: they are for training, and there is no dev split.',
    ]);
  });

  test('names that say nothing are refused before any work, with how many there are', async () => {
    put('data/night1.edf', 'data/night2.edf');
    await expect(divided('data')).rejects.toThrow(/night1\.edf.*data\.patient_pattern.*2 of 6 recordings/);
    const pattern = { patientPattern: '(chb\\d\\d|night)' };
    const { train, dev } = await divided('data', pattern);
    expect([...train, ...dev]).toHaveLength(6);
  });
});

describe('several data folders', () => {
  beforeEach(() =>
    put(...TUSZ.map((name) => `tusz/edf/${name}`), 'siena/PN00/PN00-1.edf', 'more/siena/PN01/PN01-1.edf'),
  );

  test('each lies below its own name; one with an official split keeps it', async () => {
    const both = await divided(['tusz/edf', 'siena'], { validationSplit: 0 });
    expect(both.dev).toEqual(OFFICIAL.dev.map((name) => `edf/${name}`));
    expect(both.train).toEqual([...OFFICIAL.train.map((name) => `edf/${name}`), 'siena/PN00/PN00-1.edf']);
  });

  test('C1: other recordings of a patient in an official split follow it', async () => {
    put('extra/aaaaaaac/aaaaaaac_s007_t000.edf', 'extra/aaaaaaaz/aaaaaaaz_s001_t000.edf');
    const { train, dev } = await divided(['tusz/edf', 'extra'], { validationSplit: 0 });
    expect(dev).toContain('extra/aaaaaaac/aaaaaaac_s007_t000.edf');
    expect(train).toContain('extra/aaaaaaaz/aaaaaaaz_s001_t000.edf');
  });

  test('folders of one name are told apart by what is above', async () => {
    const { train } = await divided(['siena', 'more/siena'], { validationSplit: 0 });
    expect(train).toEqual([`${count}-siena/PN00/PN00-1.edf`, 'more-siena/PN01/PN01-1.edf']);
  });

  test('one inside the other, or one twice, is refused', async () => {
    await expect(divided(['tusz', 'tusz/edf'])).rejects.toThrow(/share recordings/);
    await expect(divided(['siena', 'siena/'])).rejects.toThrow(/share recordings/);
  });
});
