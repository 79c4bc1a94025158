import { InputError } from '../errors.ts';
import { counted } from '../words.ts';
import type { Assignment } from './splits.ts';

/**
 * Takes the recordings out that `data.exclude` names by their `entry`; others of their patient stay where they are.
 *
 * @param nameless further ones that are left out, of nobody knows whom
 * @param say is told how many go, and of names that are none of the recordings
 * @throws InputError `DATA_EMPTY` where nothing is left
 */
export function withoutExcluded(
  found: readonly Assignment[],
  exclude: readonly string[],
  nameless: readonly string[],
  say: (sentence: string) => void,
): { assigned: readonly Assignment[]; excluded: readonly Assignment[] } {
  const names = new Set(exclude);
  const [assigned, excluded] = [false, true].map((isExcluded) =>
    found.filter(({ entry }) => names.has(entry) === isExcluded),
  ) as [Assignment[], Assignment[]];
  if (assigned.length === 0)
    throw new InputError(
      'DATA_EMPTY',
      `data.exclude leaves none of the ${found.length} recordings. Take those out of it that are to be used.`,
    );
  const left = [...excluded.map(({ entry }) => entry), ...nameless];
  if (left.length > 0) say(`data.exclude leaves out ${counted(left.length, 'recording')}.`);
  for (const entry of left) names.delete(entry);
  if (names.size > 0)
    say(`data.exclude names what is none of these recordings: ${[...names].slice(0, 3).join(', ')}.`);
  return { assigned, excluded };
}
