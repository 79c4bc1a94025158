import { basename } from 'node:path';
import { writeEntry } from '../write-entry.ts';

const RATE = 10;

/** Writes an entry of one channel at 10 Hz; `labels` holds a digit a sample, segments are divided by spaces. */
export async function writeTestEntry(
  path: string,
  labels: string,
  { key = basename(path), patient = 'p1' } = {},
): Promise<void> {
  const parts = labels.split(' ');
  const all = Uint8Array.from(parts.join(''), Number);
  let firstRow = 0;
  await writeEntry(path, {
    signal: new Int16Array(all.length),
    labels: all,
    segments: parts.map(({ length }) => {
      const segment = { firstRow, rows: length, startSample: firstRow };
      firstRow += length;
      return segment;
    }),
    scale: 1,
    provenance: {
      format: 'bgb-cache',
      version: 4,
      key,
      recording: { name: 'a.edf', sha256: 's', bytes: 1 },
      annotations: [{ name: 'a.csv_bi', sha256: 't', bytes: 2, format: 'tusz-csv_bi', role: 'seizures' }],
      preprocessing: {},
      channels: ['A'],
      sampling_rate: RATE,
      reference: 'REF',
      patient,
      recorded_s: all.length / RATE,
      seizures: 1,
      seizure_s_by_label: { seiz: all.filter((label) => label === 1).length / RATE },
      excluded_s_by_label: {},
      events_lost: {},
      label_map: {},
      scored_as_background: [],
      clipped_share: 0,
      notices: [],
    },
  });
}
