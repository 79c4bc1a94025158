import type { CacheEntry } from './entry.ts';
import { EXCLUDED, SEIZURE } from './labels.ts';
import { listEntries, requireInside } from './layout.ts';
import { openEntry } from './open-entry.ts';
import type { Provenance } from './provenance.ts';
import type { LabelRun } from './write-entry.ts';

/** Shape of windows, in samples. */
export interface WindowShape {
  readonly length: number;
  readonly stride: number;
}

/** What a window can be, by how much seizure it holds. */
export const CATEGORIES = ['partial_seizure', 'full_seizure', 'no_seizure'] as const;
export type Category = (typeof CATEGORIES)[number];

/** From this share of seizure among the samples that are not excluded, a window is full of it. */
const FULL_SHARE = 0.99;

/** What an entry's headers say. */
export interface SurveyedEntry {
  readonly provenance: Provenance;
  /** By `window_idx`; null for a window that is excluded as a whole. */
  readonly windows: readonly (Category | null)[];
  readonly seizureSeconds: number;
  readonly isMadeElsewhere: boolean;
}

/** Entries of a split, by name in order. */
export interface Survey {
  readonly folder: string;
  readonly shape: WindowShape;
  readonly entries: ReadonlyMap<string, SurveyedEntry>;
}

/**
 * Looks at every entry of a split, at its headers and labels only.
 *
 * @throws InputError `CACHE_OUTSIDE`; `CACHE_*` for a damaged entry
 */
export async function surveySplit(folder: string, shape: WindowShape): Promise<Survey> {
  const names = await listEntries(folder);
  await requireInside(folder, names);
  const entries = new Map<string, SurveyedEntry>();
  for (const name of names) {
    using entry = openEntry(folder, name);
    entries.set(name, surveyed(entry, shape));
  }
  return { folder, shape, entries };
}

/** What an open entry's headers and labels say. */
export function surveyed(entry: CacheEntry, shape: WindowShape): SurveyedEntry {
  const { provenance, labelRuns, signalAt } = entry;
  const seizureRows = labelRuns.reduce((sum, { label, rows }) => sum + (label === SEIZURE ? rows : 0), 0);
  return {
    provenance,
    windows: categoriesOf(entry, shape),
    seizureSeconds: seizureRows / provenance.sampling_rate,
    isMadeElsewhere: signalAt === null,
  };
}

/** First rows of the windows of an entry, in order of `window_idx`: multiples of the stride inside each segment. */
export function windowStarts(
  segments: readonly { firstRow: number; rows: number }[],
  shape: WindowShape,
): number[] {
  return segments.flatMap(({ firstRow, rows }) =>
    Array.from(
      { length: rows < shape.length ? 0 : Math.floor((rows - shape.length) / shape.stride) + 1 },
      (_, index) => firstRow + index * shape.stride,
    ),
  );
}

function categoriesOf({ segments, labelRuns }: CacheEntry, shape: WindowShape): (Category | null)[] {
  let run = 0;
  return windowStarts(segments, shape).map((start) => {
    const end = start + shape.length;
    const endOf = ({ firstRow, rows }: LabelRun) => firstRow + rows;
    while (endOf(labelRuns[run]!) <= start) run++;
    let [seizure, counted] = [0, 0];
    for (let at = run; at < labelRuns.length && labelRuns[at]!.firstRow < end; at++) {
      const { firstRow, label } = labelRuns[at]!;
      const rows = Math.min(end, endOf(labelRuns[at]!)) - Math.max(start, firstRow);
      if (label !== EXCLUDED) counted += rows;
      if (label === SEIZURE) seizure += rows;
    }
    if (counted === 0) return null;
    if (seizure === 0) return 'no_seizure';
    return seizure / counted >= FULL_SHARE ? 'full_seizure' : 'partial_seizure';
  });
}
