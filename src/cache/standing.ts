import { join } from 'node:path';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { Entry } from './entry.ts';
import { listEntries, requireInside, splitFolder } from './layout.ts';
import type { Provenance } from './provenance.ts';
import type { LabelRun } from './write-entry.ts';

/** An entry that stands in a cache. */
export interface StandingEntry {
  readonly split: Split;
  /** Relative to its split's folder. */
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly signalChecksum: number;
  readonly labelRuns: readonly LabelRun[];
  readonly provenance: Provenance;
}

/** All whole entries of a cache that bgb wrote, of all its splits; those of other formats are passed over. */
export async function standingEntries(cacheDir: string): Promise<StandingEntry[]> {
  const standing: StandingEntry[] = [];
  for (const split of SPLITS) {
    const folder = splitFolder(cacheDir, split);
    for (const name of await listEntries(folder)) {
      const entry = await tryEntry(folder, name);
      if (entry !== null) standing.push({ split, name, ...entry });
    }
  }
  return standing;
}

async function tryEntry(folder: string, name: string): Promise<Omit<StandingEntry, 'split' | 'name'> | null> {
  try {
    await requireInside(folder, [name]);
    using entry = new Entry(join(folder, name));
    const { path, rows, signalChecksum, labelRuns, provenance } = entry;
    return { path, rows, signalChecksum, labelRuns, provenance };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** @throws InputError `DATA_PATIENTS` naming a patient with entries in two splits (failures C1) */
export function requirePatientsApart(
  entries: readonly { split: Split; patient: string; where: string }[],
): void {
  const first = new Map<string, (typeof entries)[number]>();
  for (const entry of entries) {
    const other = first.get(entry.patient) ?? entry;
    first.set(entry.patient, other);
    if (other.split !== entry.split)
      throw new InputError(
        'DATA_PATIENTS',
        `${entry.patient} is in two splits: ${other.where} is ${other.split}, ${entry.where} is ${entry.split}. A score on patients that were trained on means nothing. Build into another cache folder, or remove one of them.`,
      );
  }
}
