import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listRecordings } from './recordings.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-recordings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
};

test('recordings are listed in one order, whatever order the disk has; what is none is not', async () => {
  put('data/b.EDF', 'data/a/z.bdf', 'data/a/x.edf', 'data/a/x.edf.txt');
  put('data/.x.edf.0123456789ab.tmp', 'data/a/._x.edf');
  expect(await listRecordings(join(folder, 'data'))).toEqual(['a/x.edf', 'a/z.bdf', 'b.EDF']);
});

test('B5: links to folders are followed, each folder once, also where they lead round', async () => {
  put('linked/own/a.edf', 'elsewhere/b.edf', 'elsewhere/deeper/c.edf');
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'linked/there'));
  symlinkSync(join(folder, 'linked'), join(folder, 'elsewhere/deeper/back'));
  symlinkSync(join(folder, 'elsewhere/b.edf'), join(folder, 'linked/own/file.edf'));
  expect(await listRecordings(join(folder, 'linked'))).toEqual([
    'own/a.edf',
    'own/file.edf',
    'there/b.edf',
    'there/deeper/c.edf',
  ]);
});

test('a folder that cannot be read is named', async () => {
  await expect(listRecordings(join(folder, 'nowhere'))).rejects.toThrow(/Cannot read the folder .*nowhere/);
});
