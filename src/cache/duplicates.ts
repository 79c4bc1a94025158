import { SPLITS } from '../config/index.ts';
import { Entry } from './entry.ts';
import type { StandingEntry } from './standing.ts';

/** An entry whose samples are those of another, which counts instead. */
export interface Duplicate {
  readonly entry: StandingEntry;
  readonly of: StandingEntry;
  readonly isLabelledOtherwise: boolean;
}

/**
 * Finds entries with the same samples, whatever their files are called or say in their headers: one recording under two
 * names would be counted twice, or learnt and judged on. Of each the one counts that may not go, else the one that is
 * judged on (eval, dev, train), else the first by name.
 *
 * @param mayGo whether an entry may be left out
 */
export function findDuplicates(
  entries: readonly StandingEntry[],
  mayGo: (entry: StandingEntry) => boolean,
): Duplicate[] {
  const groups = Map.groupBy(
    entries,
    ({ rows, signalChecksum, provenance }) => `${rows} ${provenance.channels.length} ${signalChecksum}`,
  );
  const rank = (entry: StandingEntry) => (mayGo(entry) ? SPLITS.length - SPLITS.indexOf(entry.split) : 0);
  return [...groups.values()].flatMap((group) => {
    const [kept, ...others] = group.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
    return others
      .filter((entry) => mayGo(entry) && haveSameSamples(kept!, entry))
      .map((entry) => ({
        entry,
        of: kept!,
        isLabelledOtherwise: JSON.stringify(entry.labelRuns) !== JSON.stringify(kept!.labelRuns),
      }));
  });
}

/** Rows compared at once. */
const BLOCK = 1 << 16;

function haveSameSamples(a: StandingEntry, b: StandingEntry): boolean {
  using first = new Entry(a.path);
  using second = new Entry(b.path);
  for (let row = 0; row < first.rows; row += BLOCK) {
    const rows = Math.min(BLOCK, first.rows - row);
    const [one, other] = [first, second].map((entry) => {
      const block = new Int16Array(rows * entry.channels);
      entry.readSignal(row, rows, block);
      return Buffer.from(block.buffer);
    });
    if (!one!.equals(other!)) return false;
  }
  return true;
}
