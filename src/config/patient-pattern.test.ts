import { expect, test } from 'vitest';
import { patientPatternProblem } from './patient-pattern.ts';

test.each([
  ['^([^/]+)/', null],
  ['(?:site[AB]/)?(p\\d+)_', null],
  ['(p[)*]\\)+)', null],
  ['p\\d+', 'it has 0 groups'],
  ['(a)(b)', 'it has 2 groups'],
  ['(a+)+$', 'it repeats a group'],
  ['((?:a|a)*)b', 'it repeats a group'],
])('%s: %s', (pattern, problem) => {
  expect(patientPatternProblem(pattern)).toBe(problem);
});

test('one that does not compile says why', () => {
  expect(patientPatternProblem('([a-')).toMatch(/^it does not compile: .*/);
});
