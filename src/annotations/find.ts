import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EdfRecording } from '../edf/index.ts';
import type { Annotation } from './annotation.ts';
import { readBidsEvents } from './bids-events.ts';
import { readChbmitSummary } from './chbmit-summary.ts';
import { edfPlusAnnotation } from './edf-plus.ts';
import { readTuszCsv } from './tusz-csv.ts';

/**
 * The annotation of a recording, from the first of these that exists:
 *
 * 1. `NAME.csv_bi` beside it (TUSZ, term);
 * 2. `NAME.csv` beside it (TUSZ, per channel);
 * 3. `NAME_events.tsv` beside it, where NAME may lose `_eeg` (BIDS);
 * 4. a `*-summary.txt` beside it that names it (CHB-MIT);
 * 5. its own EDF+ annotations.
 *
 * @returns null where there is none: an unlabelled recording is not a seizure-free one (failures A5)
 * @throws InputError for an annotation that is there but cannot be read
 */
export async function findAnnotation(recording: EdfRecording): Promise<Annotation | null> {
  const stem = recording.path.replace(/\.(edf|bdf)$/i, '');
  for (const extension of ['.csv_bi', '.csv']) {
    if (await exists(stem + extension)) return readTuszCsv(stem + extension);
  }
  const events = `${stem.replace(/_eeg$/, '')}_events.tsv`;
  if (await exists(events)) return readBidsEvents(events);
  for (const name of (await readdir(dirname(stem))).filter((name) => name.endsWith('-summary.txt')).sort()) {
    const summary = await readChbmitSummary(join(dirname(stem), name), recording.path);
    if (summary !== null) return summary;
  }
  return edfPlusAnnotation(recording);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
