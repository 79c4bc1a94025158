import { expect, test } from 'vitest';
import { reasonLines } from './reason-lines.ts';

const of = (name: string, why: string) => ({ name, reason: `data/${name}: ${why}` });

test('recordings with one reason are one line, which counts them', () => {
  expect(
    reasonLines([
      of('a.edf', 'it is bipolar.'),
      of('b.edf', 'it is empty.'),
      of('c.edf', 'it is bipolar.'),
      of('d.edf', 'it is bipolar.'),
    ]),
  ).toEqual(['data/a.edf: it is bipolar. The same of 2 others.', 'data/b.edf: it is empty.']);
});

test('of many reasons the first ten, and how many more', () => {
  const lines = reasonLines(Array.from({ length: 13 }, (_, index) => of('a.edf', `reason ${index}.`)));
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe('and 3 other reasons');
});
