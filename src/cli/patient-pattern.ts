import { patientPatternProblem } from '../config/index.ts';
import { InputError } from '../errors.ts';

/** The value of `--patient-pattern`. @throws InputError `CLI_PATIENT_PATTERN` */
export function patientPatternOf(pattern: string | undefined): string | null {
  if (pattern === undefined) return null;
  const problem = patientPatternProblem(pattern);
  if (problem === null) return pattern;
  throw new InputError(
    'CLI_PATIENT_PATTERN',
    `--patient-pattern: expected a regular expression with one group, as in '^([^/]+)/', found '${pattern}': ${problem}.`,
  );
}
