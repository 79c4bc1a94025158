/**
 * The known name that is fewest edits away (insertion, deletion, substitution, swap of neighbours; optimal
 * string alignment, Damerau 1964), the first of equals; null only where there are no names.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Longer names are compared by their beginnings: what is that long is no misspelt key. */
const LONGEST = 100;

export function editDistance(from: string, to: string): number {
  const [a, b] = [from.slice(0, LONGEST), to.slice(0, LONGEST)];
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const beforePrevious = previous;
    previous = current;
    current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let edits = Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) edits = Math.min(edits, beforePrevious[column - 2]! + 1);
      current.push(edits);
    }
  }
  return current[b.length]!;
}
