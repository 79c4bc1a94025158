import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readSplitFile } from './split-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-split-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'splits.yaml');
const read = (text: string, patients = ['chb01', 'chb02', '00000258']) => {
  writeFileSync(path, text);
  return readSplitFile(path, patients);
};

test('says of each patient which split; names of digits keep their zeros, val is dev', async () => {
  expect(await read('train: [chb01]\nval: [chb02]\neval:\n  - 00000258\n')).toEqual(
    new Map([
      ['chb01', 'train'],
      ['chb02', 'dev'],
      ['00000258', 'eval'],
    ]),
  );
});

test.each([
  ['train: [chb01, chb02]\ndev: [chb02, 00000258]\n', /chb02 is in both train and dev/],
  ['train: [chb01]\ndev: [chb02]\n', /does not say where 00000258 belong/],
  ['train: [chb01, chb02, 00000258, chb09]\n', /no recording is of chb09\. The patients are chb01/],
  ['train: [chb01, chb21]\ndev: [chb02, 00000258]\n', /chb21 is chb01/],
  ['train: chb01\n', /expected lists of patients/],
  ['test: [chb01]\n', /expected lists of patients/],
  ['train: [chb01\n', /line 1|line 2/],
  ['', /expected lists of patients/],
  ['train: [chb01]\ntrain: [chb02]\n', /line 2/],
])('refused, with the file: %j', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
  await expect(read(text)).rejects.toMatchObject({
    code: 'SPLIT_FILE',
    message: expect.stringContaining(path),
  });
});

test('one that is not there is named', async () => {
  await expect(readSplitFile(join(folder, 'nowhere.yaml'), [])).rejects.toThrow(/nowhere\.yaml/);
});

test('any text is splits or an InputError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      await read(text, []).catch((error) => expect(error).toBeInstanceOf(InputError));
    }),
    { numRuns: 300 },
  );
});
