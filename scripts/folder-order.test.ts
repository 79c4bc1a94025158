import { expect, test } from 'vitest';
import { brokenImports } from './folder-order.ts';

test('an import to the right is named', () => {
  expect(brokenImports('edf/header.ts', "import { train } from '../train/index.ts';")).toEqual([
    'edf/header.ts: edf/ stands before train/ and may not import from it',
  ]);
});

test('an import past a folder door is named', () => {
  expect(brokenImports('train/loop.ts', "import { x } from '../edf/header.ts';")).toHaveLength(1);
});

test('imports to the left, within a folder and of the files beside the folders are in order', () => {
  const source =
    "import a from '../edf/index.ts'; import b from './step.ts'; import c from '../errors.ts'; import d from '../words.ts';";
  expect(brokenImports('train/loop.ts', source)).toEqual([]);
});

test("only tests use what is made for an earlier folder's tests", () => {
  const source = "import { writeTestEntry } from '../cache/testing/entry.ts';";
  expect(brokenImports('train/loop.test.ts', source)).toEqual([]);
  expect(brokenImports('train/testing/run.ts', source.replace('../', '../../'))).toEqual([]);
  expect(brokenImports('train/loop.ts', source)).toHaveLength(1);
  expect(brokenImports('edf/read.test.ts', source)).toHaveLength(1);
});
