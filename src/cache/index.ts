/**
 * The cache: one entry a recording, one manifest a split.
 *
 * ```ts
 * await buildCache({ dataDir, cacheDir, split: 'train', ... });
 * const { manifest } = await scanSplit(splitFolder(cacheDir, 'train'), { length: 15360, stride: 2560 });
 * using entry = openEntry(folder, manifest.partial_seizure[0].cache_file);
 * ```
 */
export { type BuildResult, buildEntry, entryName } from './build.ts';
export { type BuildOptions, buildCache } from './build-cache.ts';
export { CENSUS_FILE, type Census, type Losses, readLosses } from './census.ts';
export { type ConvertResult, convertCache } from './convert.ts';
export { type CacheEntry, Entry } from './entry.ts';
export { scoredLabels } from './label-mask.ts';
export { listEntries, splitFolder, splitFolders } from './layout.ts';
export {
  leftoversIn,
  lookAtSplit,
  type ManifestLook,
  type SplitLook,
  type UnusableEntry,
} from './look.ts';
export { madeElsewhereNotice } from './made-elsewhere.ts';
export { dataHashOf, MANIFEST_FILE, type Manifest, type ManifestWindow, readManifest } from './manifest.ts';
export { writeNpy } from './npy.ts';
export { openEntry } from './open-entry.ts';
export { namedPatientOf, patientOf, UNKNOWN_PATIENT } from './patient.ts';
export { type Provenance, settingsRecord } from './provenance.ts';
export { type Comparison, compareWithTusz, comparisonText } from './published.ts';
export { listRecordings } from './recordings.ts';
export { type Scan, scanSplit } from './scan.ts';
export { type Fold, foldOf } from './split-draw.ts';
export { labelsOf } from './split-sources.ts';
export { assignRecordings, type SplitChoice } from './splits.ts';
export { type WindowShape, windowStarts } from './survey.ts';
export { usableManifest } from './use-manifest.ts';
export { type Validity, validateManifest } from './validity.ts';
export { type EntryContent, writeEntry } from './write-entry.ts';
