import { basename, join } from 'node:path';
import { montageChannels } from '../signal/index.ts';
import type { CacheEntry } from './entry.ts';
import { readForeign } from './foreign-npz.ts';
import { EXCLUDED, SEIZURE } from './labels.ts';
import { namedPatientOf, UNKNOWN_PATIENT } from './patient.ts';
import { FORMAT_VERSION, type Provenance } from './provenance.ts';
import { reconstruct } from './reconstruct.ts';
import { type EntryContent, type LabelRun, labelRuns } from './write-entry.ts';

/** Hz; such files do not say, and what most of them were made by resamples to this. */
const SAMPLING_RATE = 256;

/** `annotations[0].format` of what was made elsewhere. */
const FOREIGN_FORMAT = 'npz-windows';

/**
 * A cache file of another program as an entry of bgb: its windows joined to the recording, as int16. Samples without
 * labels are excluded: unlabelled is not seizure-free (failures A5, D6).
 *
 * @param name relative to the split's folder; says who the patient is
 * @throws InputError `CACHE_FOREIGN`
 */
export function foreignContent(folder: string, name: string): EntryContent {
  const file = readForeign(join(folder, name));
  const { signal, rows, channels, labels, firstRows, stride } = reconstruct(file);
  const notices = [
    'made elsewhere: how it was preprocessed is not known',
    stride === null
      ? 'its windows do not overlap, each is a stretch of its own'
      : `its windows follow every ${stride} samples and were joined to ${firstRows.length} stretches`,
  ];
  const { samples, scale, notFinite } = quantised(signal);
  if (notFinite > 0) notices.push(`${notFinite} values that are not finite are 0`);
  if (labels === null)
    notices.push('it has no labels: all of it is excluded, unlabelled is not seizure-free');
  const mask = labels?.map((label) => (label === 1 ? SEIZURE : 0)) ?? new Uint8Array(rows).fill(EXCLUDED);
  const seizures = labelRuns(mask).filter(({ label }) => label === SEIZURE);
  const seizureS = seizures.reduce((sum, run) => sum + run.rows, 0) / SAMPLING_RATE;
  const input = { name: basename(name), sha256: file.sha256, bytes: file.bytes };
  const provenance: Provenance = {
    format: 'bgb-cache',
    version: FORMAT_VERSION,
    key: file.sha256,
    recording: input,
    annotations: [{ ...input, format: FOREIGN_FORMAT, role: 'seizures' }],
    preprocessing: {},
    channels: channelNames(channels),
    sampling_rate: SAMPLING_RATE,
    reference: 'unknown',
    patient: namedPatientOf(name) ?? UNKNOWN_PATIENT,
    recorded_s: rows / SAMPLING_RATE,
    seizures: seizures.length,
    seizure_s_by_label: seizureS > 0 ? { seiz: seizureS } : {},
    excluded_s_by_label: {},
    events_lost: {},
    label_map: {},
    scored_as_background: [],
    clipped_share: 0,
    notices,
  };
  const segments = firstRows.map((firstRow, index) => ({
    firstRow,
    rows: (firstRows[index + 1] ?? rows) - firstRow,
    startSample: firstRow,
  }));
  return { signal: samples, labels: mask, segments, scale, provenance };
}

/** {@link foreignContent}, held in memory while it is open. */
export class ForeignEntry implements CacheEntry {
  readonly path: string;
  readonly rows: number;
  readonly channels: number;
  readonly scale: number;
  readonly segments: EntryContent['segments'];
  readonly labelRuns: readonly LabelRun[];
  readonly provenance: Provenance;
  readonly signalAt = null;
  readonly labelsAt = null;
  readonly signalChecksum = null;
  readonly content: EntryContent;

  /** @throws InputError `CACHE_FOREIGN` */
  constructor(folder: string, name: string) {
    this.content = foreignContent(folder, name);
    this.path = join(folder, name);
    this.rows = this.content.labels.length;
    this.channels = this.content.provenance.channels.length;
    this.scale = this.content.scale;
    this.segments = this.content.segments;
    this.labelRuns = labelRuns(this.content.labels);
    this.provenance = this.content.provenance;
  }

  readAll(signal: Int16Array, labels: Uint8Array): void {
    signal.set(this.content.signal);
    labels.set(this.content.labels);
  }

  [Symbol.dispose](): void {}
}

/** The largest value becomes the largest int16; what is not finite becomes 0. */
function quantised(signal: Float32Array) {
  let [largest, notFinite] = [0, 0];
  for (const value of signal)
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    else notFinite++;
  const scale = Math.fround(largest > 0 ? largest / 32767 : 1);
  const samples = Int16Array.from(signal, (value) =>
    Number.isFinite(value) ? Math.round(value / scale) : 0,
  );
  return { samples, scale, notFinite };
}

/** Of the montage with so many channels, else numbers. */
function channelNames(count: number): string[] {
  for (const montage of ['10-20', 'double-banana'] as const) {
    const names = montageChannels({ montage, channels: null });
    if (names.length === count) return [...names];
  }
  return Array.from({ length: count }, (_, index) => `channel ${index + 1}`);
}
