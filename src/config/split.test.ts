import { expect, test } from 'vitest';
import { splitOf } from './split.ts';

test('C4: val is dev', () => {
  expect(['train', 'dev', 'val', 'eval'].map(splitOf)).toEqual(['train', 'dev', 'dev', 'eval']);
});

test('anything else is refused by name', () => {
  expect(() => splitOf('test')).toThrow(
    "Expected a split (train, dev or eval; val means dev), found 'test'.",
  );
});
