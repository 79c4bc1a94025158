import type { CheckResult } from '../places/index.ts';
import { textTable } from './table.ts';

/** A row a check: number, what, whether it passed, what was found. */
export function checkTable(results: readonly CheckResult[]): string {
  const word = ({ isPassed }: CheckResult) => (isPassed === null ? '-' : isPassed ? 'passed' : 'FAILED');
  return textTable(
    [{ heading: '#', align: 'right' }, { heading: 'check' }, { heading: '' }, { heading: 'found' }],
    results.map((result) => [result.number, result.name, word(result), result.detail.replaceAll('\n', ' ')]),
  );
}
