import { rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
import { Entry, writeEntry } from './entry.ts';
import { labelMask } from './label-mask.ts';
import { patientOf } from './patient.ts';
import { FORMAT_VERSION, type Provenance, settingsRecord } from './provenance.ts';

/** What became of one recording. */
export type BuildResult =
  | { readonly outcome: 'built' | 'rebuilt' | 'kept'; readonly name: string; readonly provenance: Provenance }
  | { readonly outcome: 'rejected' | 'unlabelled'; readonly name: string; readonly reason: string };

export interface EntryTask {
  readonly dataDir: string;
  /** Relative to `dataDir`. */
  readonly name: string;
  /** The folder of the split. */
  readonly cacheDir: string;
  readonly settings: PreprocessingSettings;
  /** `data.labels`: what labels mean that bgb does not know. */
  readonly labels?: LabelMap;
}

/** Where a recording's entry lies: its own relative path with `.npz`, so that equal stems do not meet (D10). */
export function entryPath(task: Pick<EntryTask, 'cacheDir' | 'name'>): string {
  return join(task.cacheDir, task.name.replace(/\.(edf|bdf)$/i, '.npz'));
}

/**
 * Builds one recording's entry, or keeps the one that is there if it was made of the same bytes with the same
 * settings. A recording that cannot be used is rejected with its reason, one without annotation is left out.
 */
export async function buildEntry(task: EntryTask): Promise<BuildResult> {
  const { name } = task;
  try {
    return await tryEntry(task);
  } catch (error) {
    if (error instanceof InputError) return { outcome: 'rejected', name, reason: error.message };
    throw error;
  }
}

async function tryEntry({
  dataDir,
  name,
  cacheDir,
  settings,
  labels: map = {},
}: EntryTask): Promise<BuildResult> {
  const path = entryPath({ cacheDir, name });
  const recording = await openEdf(join(dataDir, name));
  const annotation = await findAnnotation(recording, labelRules(map));
  if (annotation === null)
    return { outcome: 'unlabelled', name, reason: 'no annotation was found; unlabelled is not seizure-free' };
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
  const earlier = await existing(path);
  if (earlier !== null && earlier !== 'damaged' && earlier.key === key)
    return { outcome: 'kept', name, provenance: earlier };

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
    patient: patientOf(name),
    recorded_s: recordedS,
    seizures: placement.seizureCount,
    seizure_s_by_label: placement.seizureSecondsByLabel,
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
  return { outcome: earlier === null ? 'built' : 'rebuilt', name, provenance };
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

/** The provenance of the entry there, null where there is none. A damaged one is removed. */
async function existing(path: string): Promise<Provenance | 'damaged' | null> {
  try {
    using entry = new Entry(path);
    return entry.provenance;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error.code === 'CACHE_READ') return null;
    await rm(path, { force: true });
    return 'damaged';
  }
}
