import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type FoundAnnotation,
  findAnnotation,
  type LabelMap,
  labelRules,
  labelRulesRecord,
  type Placement,
  placeSeizures,
} from '../annotations/index.ts';
import { openEdf } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { canonicalJson, sha256, sha256File } from '../files/index.ts';
import { type PreprocessingSettings, preprocess } from '../signal/index.ts';
import { Entry } from './entry.ts';
import { labelMask } from './label-mask.ts';
import { FORMAT_VERSION, type Provenance, settingsRecord } from './provenance.ts';
import { writeEntry } from './write-entry.ts';

/** What became of one recording; `name` is the task's `entry`. */
export type BuildResult =
  | {
      readonly outcome: 'built' | 'rebuilt' | 'moved' | 'kept';
      readonly name: string;
      readonly provenance: Provenance;
    }
  | { readonly outcome: 'rejected' | 'unlabelled'; readonly name: string; readonly reason: string }
  /** Its samples are those of the entry `of` (with its split); `key` is what this one's would be. */
  | {
      readonly outcome: 'duplicate';
      readonly name: string;
      readonly of: string;
      readonly key: string;
      readonly ofKey: string;
      readonly isLabelledOtherwise: boolean;
    };

export interface EntryTask {
  readonly dataDir: string;
  /** Relative to `dataDir`. */
  readonly name: string;
  /** `name` as it stands in the split's folder. */
  readonly entry: string;
  readonly patient: string;
  /** The folder of the split. */
  readonly cacheDir: string;
  /** An entry elsewhere in the cache that may be of this recording, from before it was placed here. */
  readonly earlierPath?: string | null;
  /** What the last build found out: with this key it has the samples of another. */
  readonly duplicate?: Extract<BuildResult, { outcome: 'duplicate' }> | null;
  readonly settings: PreprocessingSettings;
  /** `data.labels`: what labels mean that bgb does not know. */
  readonly labels?: LabelMap;
}

/** Where a recording's entry lies: its own relative path with `.npz`, so that equal stems do not meet (D10). */
export function entryPath({ cacheDir, entry }: Pick<EntryTask, 'cacheDir' | 'entry'>): string {
  return join(cacheDir, entryName(entry));
}

/** The entry's file, relative to its split's folder, of a recording that stands there as `entry`. */
export function entryName(entry: string): string {
  return entry.replace(/\.(edf|bdf)$/i, '.npz');
}

/**
 * Builds one recording's entry, or keeps the one that is there if it was made of the same bytes with the same
 * settings. A recording that cannot be used is rejected with its reason, one without annotation is left out; an entry
 * that either had before goes.
 */
export async function buildEntry(task: EntryTask): Promise<BuildResult> {
  const result = await tryEntry(task).catch((error): BuildResult => {
    if (error instanceof InputError) return { outcome: 'rejected', name: task.entry, reason: error.message };
    throw error;
  });
  if (!('provenance' in result)) await rm(entryPath(task), { force: true });
  return result;
}

async function tryEntry({
  dataDir,
  name,
  cacheDir,
  settings,
  labels: map = {},
  entry,
  patient,
  earlierPath = null,
  duplicate = null,
}: EntryTask): Promise<BuildResult> {
  const path = entryPath({ cacheDir, entry });
  const recording = await openEdf(join(dataDir, name));
  const annotation = await findAnnotation(recording, labelRules(map));
  if (annotation === null)
    return {
      outcome: 'unlabelled',
      name: entry,
      reason: 'no annotation was found; unlabelled is not seizure-free',
    };
  const inputs = {
    recording: await inputRecord(recording.path),
    annotations: await annotationRecords(annotation),
  };
  const preprocessing = settingsRecord(settings);
  const key = sha256(
    canonicalJson({
      version: FORMAT_VERSION,
      recording: inputs.recording.sha256,
      annotations: inputs.annotations.map(({ sha256, format, role }) => [sha256, format, role]),
      labels: labelRulesRecord(map),
      preprocessing,
    }),
  );
  if (duplicate?.key === key) return duplicate;
  const isSame = (entry: Provenance) => entry.key === key && entry.patient === patient;
  const earlier = await existing(path, isSame);
  if (isWhole(earlier) && isSame(earlier)) return { outcome: 'kept', name: entry, provenance: earlier };
  const elsewhere = earlierPath === null ? null : await existing(earlierPath, isSame);
  if (isWhole(elsewhere) && isSame(elsewhere)) {
    await mkdir(dirname(path), { recursive: true });
    await rename(earlierPath!, path);
    return { outcome: 'moved', name: entry, provenance: elsewhere };
  }
  // Of this recording with other settings: two entries of one recording must not stand.
  if (isWhole(elsewhere) && elsewhere.recording.sha256 === inputs.recording.sha256)
    await rm(earlierPath!, { force: true });

  const { signal, segments, channels, sampleRate, scale, reference, clippedShare, notices } =
    await preprocess(recording, settings);
  const recordedS = segments.reduce((sum, { rows }) => sum + rows, 0) / sampleRate;
  const placement = placeSeizures(annotation, recording.segments, 1 / sampleRate);
  const { labels, scoredAsBackground } = labelMask(placement, recording, segments, sampleRate);
  const provenance: Provenance = {
    format: 'bgb-cache',
    version: FORMAT_VERSION,
    key,
    ...inputs,
    preprocessing,
    channels: [...channels],
    sampling_rate: sampleRate,
    reference,
    patient,
    recorded_s: recordedS,
    seizures: placement.seizureCount,
    seizure_s: placement.seizures.reduce((sum, { startS, endS }) => sum + endS - startS, 0),
    seizure_s_by_label: placement.seizureSecondsByLabel,
    ...typedSeizures(placement),
    excluded_s_by_label: placement.excludedSecondsByLabel,
    events_lost: lostEvents(placement),
    label_map: map,
    scored_as_background: scoredAsBackground.map(([first, rows]) => [first, rows]),
    clipped_share: clippedShare,
    notices: [
      ...recording.warnings.map(({ message }) => message),
      ...[...annotation.notices, ...placement.notices].map(({ message }) => message),
      ...placement.reports.map(({ message }) => message),
      ...notices,
    ],
  };
  await writeEntry(path, { signal, labels, segments, scale, provenance });
  return { outcome: earlier === null ? 'built' : 'rebuilt', name: entry, provenance };
}

/** Only where `seizure_s_by_label` does not say it all. */
function typedSeizures({ seizures }: Placement): Pick<Provenance, 'typed_seizures'> {
  if (new Set(seizures.map(({ label }) => label)).size < 2) return {};
  return { typed_seizures: seizures.map(({ startS, endS, label }) => [startS, endS, label]) };
}

function lostEvents({ reports }: Placement): Provenance['events_lost'] {
  const lost: Provenance['events_lost'] = {};
  for (const { problem } of reports) lost[problem] = (lost[problem] ?? 0) + 1;
  return lost;
}

async function inputRecord(path: string) {
  return { name: basename(path), sha256: await sha256File(path), bytes: (await stat(path)).size };
}

/** Every file that had a part in the annotation, each once: all their bytes are in the key (failures A7, D3). */
async function annotationRecords({ sources }: FoundAnnotation): Promise<Provenance['annotations']> {
  const records: Provenance['annotations'] = [];
  for (const { path, format, role } of sources) records.push({ ...(await inputRecord(path)), format, role });
  return records;
}

function isWhole(entry: Provenance | 'damaged' | null): entry is Provenance {
  return entry !== null && entry !== 'damaged';
}

/**
 * The provenance of the entry there, null where there is none. A damaged one is removed; one that may be kept is read
 * whole to find that out, which takes less time than the hash of its recording (failures D11).
 */
async function existing(
  path: string,
  mayKeep: (entry: Provenance) => boolean,
): Promise<Provenance | 'damaged' | null> {
  try {
    using entry = new Entry(path);
    if (mayKeep(entry.provenance)) entry.verify();
    return entry.provenance;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error.code === 'CACHE_READ') return null;
    await rm(path, { force: true });
    return 'damaged';
  }
}
