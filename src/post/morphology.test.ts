import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { close, open } from './morphology.ts';

interface Case {
  samples: number;
  kernel: number;
  runs: [number, number][];
  opening: [number, number][];
  closing: [number, number][];
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/morphology_golden.json', import.meta.url), 'utf8'),
);
const pairs = (runs: { start: number; end: number }[]) => runs.map(({ start, end }) => [start, end]);

test.each(cases)('as SciPy: $samples samples, kernel $kernel', ({ samples, kernel, runs, ...expected }) => {
  const given = runs.map(([start, end]) => ({ start, end }));
  expect(pairs(open(given, kernel))).toEqual(expected.opening);
  expect(pairs(close(given, kernel, samples))).toEqual(expected.closing);
});
