import { expect, test } from 'vitest';
import { countTests } from './count-tests.ts';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((result) => ({ status: result })),
});

test('tests are counted as vitest counted them', () => {
  const testResults = [file('passed', 'passed', 'passed'), file('failed', 'failed', 'passed')];
  expect(countTests({ numPassedTests: 3, numFailedTests: 1, testResults })).toBe('3 passed, 1 failed');
});

test('a file that did not load is a failure', () => {
  const testResults = [file('passed', 'passed'), file('failed')];
  expect(countTests({ numPassedTests: 1, numFailedTests: 0, testResults })).toBe('1 passed, 1 failed');
});
