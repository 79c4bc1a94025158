import type { z } from 'zod';
import { expectation, found, nearestChoice, unknownKey } from './expectation.ts';
import { type Config, configSchema } from './schema.ts';
import { isTree, type Tree } from './tree.ts';

/** A value or key that the schema does not take. */
export interface Misfit {
  /** Keys from the top; a list element ends in its index. */
  readonly path: readonly string[];
  readonly text: string;
}

/**
 * Fits values into the schema. What does not fit is taken out of `values` and listed, so that a whole
 * configuration (with defaults in those places) is left for the checks that join several fields.
 */
export function fitIntoSchema(values: Tree): { config: Config; misfits: Misfit[] } {
  const misfits: Misfit[] = [];
  for (;;) {
    const result = configSchema.safeParse(values);
    if (result.success) return { config: result.data, misfits };
    const round = result.error.issues.flatMap((issue) => misfitsOf(issue, values));
    misfits.push(...round);
    for (const { path } of round) takeOut(values, path);
  }
}

function misfitsOf(issue: z.core.$ZodIssue, values: Tree): Misfit[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(path, key) }));
  }
  const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], values);
  const isOwnWording = issue.code === 'custom' && issue.message !== 'Invalid input';
  const expected = isOwnWording ? issue.message : expectation(path);
  return [{ path, text: `expected ${expected}, found ${found(value)}${nearestChoice(path, value) || '.'}` }];
}

/** Deletes the key at the path, or the whole list that it leads into. */
function takeOut(values: Tree, path: readonly string[]): void {
  let section = values;
  for (const name of path.slice(0, -1)) {
    const next = section[name];
    if (!isTree(next)) {
      delete section[name];
      return;
    }
    section = next;
  }
  delete section[path.at(-1)!];
}

/** Whether a misfit stands in a field, or in a section around it. */
export function isMisfit(misfits: readonly Misfit[], field: string): boolean {
  const names = field.split('.');
  return misfits.some(({ path }) =>
    path.length > names.length
      ? names.every((name, index) => path[index] === name)
      : path.every((name, index) => names[index] === name),
  );
}
