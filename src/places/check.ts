/** What a check found. */
export interface CheckResult {
  /** Its place among the ten of docs/modal.md. */
  readonly number: number;
  readonly name: string;
  /** null: there was nothing to check. */
  readonly isPassed: boolean | null;
  /** What was found; where it failed, also what to do. */
  readonly detail: string;
}

export interface Check {
  readonly number: number;
  readonly name: string;
  /** Throws where it fails; what it returns is what was found, or null and why there was nothing to check. */
  readonly find: () => Promise<string | { readonly skipped: string }>;
}

/** Makes all checks, one after the other, also after a failure: all that is wrong is told at once. */
export async function makeChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { number, name, find } of checks) {
    try {
      const found = await find();
      const isSkipped = typeof found !== 'string';
      results.push({
        number,
        name,
        isPassed: isSkipped ? null : true,
        detail: isSkipped ? found.skipped : found,
      });
    } catch (error) {
      results.push({
        number,
        name,
        isPassed: false,
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return results;
}
