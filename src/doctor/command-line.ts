/** `--set a=1 --set b=2` as words. */
export function settings(assignments: readonly string[]): string[] {
  return assignments.flatMap((assignment) => ['--set', assignment]);
}

/** Commands one after the other; null where one of them cannot be told. */
export function joined(commands: readonly (string | null)[]): string | null {
  const known = commands.filter((command) => command !== null);
  return known.length < commands.length ? null : known.join(' && ');
}
