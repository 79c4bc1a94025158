import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

test.each([
  ['./cache', ['validateManifest', 'scanSplit', 'openEntry']],
  ['./data', ['BalancedSeizureDataset', 'EEGWindowDataset']],
  ['./signal', ['resamplePoly', 'sosfilt']],
])('%s: the package exports what its documentation promises', async (door, names) => {
  expect(exports[door]).toBe(`./dist/${door.slice(2)}/index.js`);
  expect(Object.keys(await import(`../src/${door.slice(2)}/index.ts`))).toEqual(
    expect.arrayContaining(names),
  );
});
