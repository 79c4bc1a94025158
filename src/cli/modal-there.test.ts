import { expect, test } from 'vitest';
import { inTwoWords } from './modal-there-action.ts';

test('an option with its value behind = is two words, and the value stays whole', () => {
  expect(inTwoWords(['--cache-dir=/results/c', '--set=data.stride=5', '--data-dir', '/data/a=b'])).toEqual([
    ...['--cache-dir', '/results/c'],
    ...['--set', 'data.stride=5'],
    ...['--data-dir', '/data/a=b'],
  ]);
});
