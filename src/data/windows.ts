import {
  type Manifest,
  type ManifestWindow,
  openEntry,
  UNKNOWN_PATIENT,
  type WindowShape,
  windowStarts,
} from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { InputError } from '../errors.ts';
import type { EntryPlace } from './entry-files.ts';
import { identityOf, type RecordingIdentity } from './identity.ts';
import { type AskedSettings, requireSettings } from './settings.ts';

export type WindowCategory = 'partial_seizure' | 'full_seizure' | 'no_seizure';

/** A window of the manifest, found in its recording. */
export interface Window {
  /** Index in {@link WindowSet.recordings}. */
  readonly recording: number;
  /** First row in that recording. */
  readonly start: number;
  readonly category: WindowCategory;
}

/** The windows of one split. */
export interface WindowSet {
  readonly folder: string;
  readonly shape: WindowShape;
  readonly dataHash: string;
  /** Cache entries, relative to the folder. */
  readonly recordings: readonly string[];
  /** Of each recording, its rows. */
  readonly recordingRows: readonly number[];
  /** Of each recording, what it is made of. */
  readonly identities: readonly RecordingIdentity[];
  /** Of each recording, where its arrays lie; null where an entry was made elsewhere, which is read whole. */
  readonly places: readonly EntryPlace[] | null;
  /** How many of the recordings' entries were made elsewhere. */
  readonly madeElsewhere: number;
  /** Of each recording, what its int16 values are multiplied by. */
  readonly scales: readonly number[];
  readonly channels: number;
  readonly patients: readonly string[];
  /** What the recordings were recorded against, each once. */
  readonly references: readonly string[];
  readonly windows: readonly Window[];
}

export interface WindowLimits {
  /** At most so many windows, for bring-up. */
  readonly maxSamples: number | null;
  /** Recordings until so many hours are reached, for bring-up. */
  readonly maxHours: number | null;
}

/**
 * Finds the windows that a manifest lists in their recordings, recording by recording. Reads headers only.
 *
 * @param settings what the entries must have been built with; null accepts any
 * @throws InputError `CACHE_*` for an entry that is gone or damaged, `DATA_SETTINGS`, `DATA_STALE` where the manifest lists a
 * window that its recording does not have, `DATA_CHANNELS` where recordings differ in channels
 */
export function openWindows(
  folder: string,
  manifest: Manifest,
  limits: WindowLimits = { maxSamples: null, maxHours: null },
  settings: AskedSettings | null = null,
): WindowSet {
  const shape = { length: manifest.window, stride: manifest.stride };
  const byFile = new Map<string, { window: ManifestWindow; category: WindowCategory }[]>();
  for (const category of ['partial_seizure', 'full_seizure', 'no_seizure'] as const)
    for (const window of manifest[category]) {
      const list = byFile.get(window.cache_file) ?? [];
      list.push({ window, category });
      byFile.set(window.cache_file, list);
    }
  const recordings: string[] = [];
  const windows: Window[] = [];
  const places: EntryPlace[] = [];
  const scales: number[] = [];
  const patients = new Set<string>();
  const references = new Set<string>();
  const recordingRows: number[] = [];
  const identities: RecordingIdentity[] = [];
  let [hours, channels, madeElsewhere] = [0, 0, 0];
  for (const name of [...byFile.keys()].sort()) {
    if (hours >= (limits.maxHours ?? Infinity) || windows.length >= (limits.maxSamples ?? Infinity)) break;
    using entry = openEntry(folder, name);
    if (settings !== null) requireSettings(entry, settings);
    const starts = windowStarts(entry.segments, shape);
    const found = byFile.get(name)!.sort((a, b) => a.window.window_idx - b.window.window_idx);
    for (const { window, category } of found) {
      const start = starts[window.window_idx];
      if (start === undefined)
        throw new InputError(
          'DATA_STALE',
          `The manifest of ${folder} lists window ${window.window_idx} of ${name}, which has ${starts.length}. Run bgb scan-cache.`,
        );
      windows.push({ recording: recordings.length, start, category });
    }
    if (recordings.length > 0 && entry.channels !== channels)
      throw new InputError(
        'DATA_CHANNELS',
        `${entry.path} has ${entry.channels} channels, the entries before it ${channels}. Build the cache with one montage.`,
      );
    channels = entry.channels;
    recordingRows.push(entry.rows);
    recordings.push(name);
    identities.push(identityOf(entry));
    const { path, signalAt, labelsAt } = entry;
    if (signalAt === null || labelsAt === null) madeElsewhere++;
    else places.push({ path, signalAt, labelsAt });
    scales.push(entry.scale);
    patients.add(entry.provenance.patient);
    references.add(entry.provenance.reference);
    hours += entry.provenance.recorded_s / 3600;
  }
  return {
    folder,
    shape,
    dataHash: manifest.data_hash,
    recordings,
    recordingRows,
    identities,
    places: madeElsewhere === 0 ? places : null,
    madeElsewhere,
    scales,
    channels,
    patients: [...patients].sort(),
    references: [...references].sort(),
    windows: windows.slice(0, limits.maxSamples ?? windows.length),
  };
}

/** @throws InputError `DATA_PATIENTS` naming patients on both sides (failures C1) */
export function checkDisjoint(a: { name: string; patients: readonly string[] }, b: typeof a): void {
  const shared = a.patients.filter((patient) => b.patients.includes(patient));
  if (shared.length > 0)
    throw new InputError(
      'DATA_PATIENTS',
      `${shared.join(', ')} ${shared.length === 1 ? 'is' : 'are'} in both ${a.name} and ${b.name}: a score on patients that were trained on means nothing. ${shared.includes(UNKNOWN_PATIENT) ? 'The names of files made elsewhere do not say whose they are: say it with bgb convert-cache --patient-pattern.' : 'Divide the recordings by patient and build the cache again.'}`,
    );
}

/** Window and stride of a configuration in samples. @throws InputError `DATA_WINDOW` unless they are whole */
export function windowShapeOf({ window_size, stride, sampling_rate }: Config['data']): WindowShape {
  const samples = (field: 'window_size' | 'stride', seconds: number) => {
    const exact = seconds * sampling_rate;
    const whole = Math.round(exact);
    // 1.12 s at 100 Hz are 112.00000000000001 samples in binary fractions.
    if (whole < 1 || Math.abs(exact - whole) > 1e-6)
      throw new InputError(
        'DATA_WINDOW',
        `data.${field} is ${exact} samples at ${sampling_rate} Hz; choose one that is a whole number of samples.`,
      );
    return whole;
  };
  return { length: samples('window_size', window_size), stride: samples('stride', stride) };
}
