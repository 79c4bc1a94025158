/**
 * Prints `N passed, N failed` from a report of vitest's json reporter. A test file that could not even be
 * loaded has no tests to count and counts as one failure.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

export function countTests(report: Report): string {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return `${report.numPassedTests} passed, ${report.numFailedTests + brokenFiles.length} failed`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(countTests(JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Report));
