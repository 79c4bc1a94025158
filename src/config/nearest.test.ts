import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest.ts';

test.each([
  ['', '', 0],
  ['kitten', 'sitting', 3],
  ['stride', 'strdie', 1],
  ['ca', 'abc', 3],
  ['', 'abc', 3],
])('%j to %j takes %i', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits);
});

test('it is symmetric, and zero only for equals', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

test('the nearest, whatever the case', () => {
  expect(nearestName('Strid', ['window_size', 'stride', 'seed'])).toBe('stride');
  expect(nearestName('x', [])).toBeNull();
});
