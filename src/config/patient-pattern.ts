/**
 * What is wrong with `data.patient_pattern`, null where nothing is. A group that repeats is refused: without one,
 * matching a path takes polynomial time, with one it can take exponential time.
 */
export function patientPatternProblem(pattern: string): string | null {
  let groups: number;
  try {
    groups = new RegExp(`${pattern}|`).exec('')!.length - 1;
    new RegExp(pattern);
  } catch (cause) {
    return `it does not compile: ${(cause as Error).message}`;
  }
  if (groups !== 1) return `it has ${groups} groups`;
  const bare = pattern.replaceAll(/\\./g, '_').replaceAll(/\[[^\]]*\]/g, '_');
  return /\)[*+{]/.test(bare) ? 'it repeats a group' : null;
}
