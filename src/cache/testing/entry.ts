import { basename } from 'node:path';
import { writeEntry } from '../write-entry.ts';
import { testProvenance } from './provenance.ts';

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
    provenance: testProvenance({
      key,
      sampling_rate: RATE,
      patient,
      recorded_s: all.length / RATE,
      seizure_s_by_label: { seiz: all.filter((label) => label === 1).length / RATE },
    }),
  });
}
