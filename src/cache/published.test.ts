import { expect, test } from 'vitest';
import { compareWithTusz, comparisonText, isTuszFormat, isTuszName } from './published.ts';

// Issue 4: release 2.0.3, train, dev and eval.
const TRAIN = { files: 4664, patients: 579, seizures: 2421, seizureSeconds: 175_125, seconds: 3_277_229 };
const EVAL = { files: 865, patients: 43, seizures: 469, seizureSeconds: 27_247, seconds: 459_713 };
const ALL = { leftOut: 0, limitedFrom: null };

test('the published figures are recognised, seconds to the second', () => {
  const comparison = compareWithTusz('train', { ...TRAIN, seconds: 3_277_228.6 }, ALL);
  expect(comparison).toMatchObject({ corpus: 'TUSZ 2.0.3 train', differences: {} });
  expect(comparisonText(comparison)).toBe(
    'as published for TUSZ 2.0.3 train: 4,664 files, 579 patients, 2,421 seizures, 175,125 seizure seconds, 3,277,229 seconds.',
  );
  expect(compareWithTusz('eval', EVAL, ALL).differences).toEqual({});
  expect(
    compareWithTusz(
      'dev',
      { files: 1832, patients: 53, seizures: 1081, seizureSeconds: 71_872, seconds: 1_567_972 },
      ALL,
    ).differences,
  ).toEqual({});
});

test('another release differs by a few: by how much is said, and what was not cached', () => {
  const found = { ...TRAIN, files: 4667, seizures: 2420, seizureSeconds: 175_100.4 };
  const comparison = compareWithTusz('train', found, { ...ALL, leftOut: 3 });
  expect(comparison.differences).toEqual({ files: 3, seizures: -1, seizureSeconds: -25 });
  expect(comparisonText(comparison)).toBe(
    'beside TUSZ 2.0.3 train: 4,667 files (+3), 579 patients, 2,420 seizures (-1), 175,100 seizure seconds (-25), 3,277,229 seconds. 3 of the files were not cached and count only as files. Other releases differ by a few.',
  );
});

test('A1: seizures that are missing are more than a release explains', () => {
  const text = comparisonText(compareWithTusz('eval', { ...EVAL, seizures: 0, seizureSeconds: 0 }, ALL));
  expect(text).toMatch(/0 seizures \(-469\), 0 seizure seconds \(-27,247\)/);
  expect(text).toMatch(/do not differ so much in seizures and seizure seconds: .* at the annotations\.$/);
});

test('a part of the corpus is called one, and the limit is named', () => {
  const found = { files: 50, patients: 4, seizures: 9, seizureSeconds: 300, seconds: 40_000 };
  expect(comparisonText(compareWithTusz('train', found, { leftOut: 1, limitedFrom: 4664 }))).toBe(
    '50 files named as TUSZ names them, where TUSZ 2.0.3 train has 4,664: a part of it or another division, so the other figures are not compared. BGB_LIMIT_FILES took 50 of 4,664.',
  );
});

test('the corpus is told by the names of its files and the form of its annotations', () => {
  expect(isTuszName('aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000.edf')).toBe(true);
  expect(isTuszName('aaaaaaac_s001_t000.npz')).toBe(true);
  for (const name of ['chb01_03.edf', 'aaaaaaac.edf', '00000258_s001_t000.edf', 'aaaaaaac_s001.edf'])
    expect(isTuszName(name)).toBe(false);
  expect([isTuszFormat('tusz-csv_bi'), isTuszFormat('edf-plus')]).toEqual([true, false]);
});
