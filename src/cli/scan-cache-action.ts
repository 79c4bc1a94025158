import { dirname } from 'node:path';
import { comparisonText, madeElsewhereNotice, readLosses, scanSplit, splitFolders } from '../cache/index.ts';
import { inForce, loadConfigOrDefaults, readEnvironment } from '../config/index.ts';
import { checkDisjoint, windowShapeOf } from '../data/index.ts';
import { otherCacheNotice } from './cache-place.ts';
import { announce, writeJson } from './output.ts';
import type { ScanCacheOptions } from './scan-cache.ts';
import { comparisonOf, type SplitScan, scanDocument } from './scan-cache-document.ts';
import { textTable } from './table.ts';

/** Builds or checks the manifests of a cache. */
export async function scanCacheCommand(options: ScanCacheOptions): Promise<void> {
  const environment = readEnvironment();
  const loaded = await loadConfigOrDefaults(options.config ?? null, { set: options.set, environment });
  announce(inForce(), environment, loaded);
  const elsewhere = otherCacheNotice(options.cacheDir, loaded);
  if (elsewhere !== null) process.stderr.write(`Notice: ${elsewhere}\n`);
  const shape = windowShapeOf(loaded.config.data);
  const scans: SplitScan[] = [];
  const unusable: unknown[] = [];
  for (const [split, folder] of await splitFolders(options.cacheDir)) {
    const scan = await scanSplit(folder, shape, {
      isCheck: options.check === true,
      isRebuildForced: environment.isManifestRebuildForced,
    }).catch((error) => {
      unusable.push(error);
      return null;
    });
    if (scan === null) continue;
    const losses = await readLosses(folder);
    scans.push({
      ...scan,
      split: split ?? folder,
      losses,
      published: split !== null && scan.isTusz ? comparisonOf(split, scan.manifest, losses) : null,
    });
  }
  // The other splits have been scanned all the same.
  if (unusable.length > 0) throw unusable[0];
  for (const [index, a] of scans.entries())
    for (const b of scans.slice(index + 1))
      checkDisjoint(
        { name: a.split, patients: a.manifest.patients },
        { name: b.split, patients: b.manifest.patients },
      );
  for (const { split, losses } of scans)
    if (losses !== null && losses.recordings > losses.cached)
      process.stderr.write(
        `${split}: of ${losses.recordings} recordings the last build rejected ${losses.rejected.length} and left out ${losses.unlabelled.length} without annotation and ${losses.duplicates.length} with the samples of another; see census.json there.\n`,
      );
  for (const { split, losses } of scans)
    if (losses !== null && losses.limitedFrom !== null)
      process.stderr.write(
        `${split}: the last build took ${losses.recordings} of ${losses.limitedFrom} recordings, limited by BGB_LIMIT_FILES.\n`,
      );
  for (const { path, reason } of scans)
    if (reason !== null)
      process.stderr.write(
        `${path}: ${reason}, as up to 5 % may be while a cache is updated. BGB_FORCE_MANIFEST_REBUILD=1 writes it anew.\n`,
      );
  for (const { path, manifest, madeElsewhere } of scans)
    if (madeElsewhere > 0)
      process.stderr.write(
        `Notice: ${madeElsewhereNotice(dirname(path), madeElsewhere, manifest.recordings)}\n`,
      );
  if (options.json) {
    writeJson(scanDocument(scans));
    return;
  }
  const right = (heading: string) => ({ heading, align: 'right' as const });
  process.stdout.write(
    textTable(
      [
        { heading: 'split' },
        ...['partial seizure', 'full seizure', 'no seizure', 'recordings', 'seizures', 'seizure s'].map(
          right,
        ),
        { heading: 'manifest' },
      ],
      scans.map(
        ({ split, path, isUnchanged, manifest: { counts, recordings, seizures, seizure_seconds } }) => [
          split,
          counts.partial_seizure,
          counts.full_seizure,
          counts.no_seizure,
          recordings,
          seizures,
          seizure_seconds.toFixed(1),
          `${path}${isUnchanged ? ' (unchanged)' : ''}`,
        ],
      ),
    ),
  );
  for (const { split, manifest, published } of scans) {
    process.stdout.write(`${split}: ${labelCensus(manifest.labels, manifest.excluded_labels ?? {})}\n`);
    if (published !== null) process.stdout.write(`${split}: ${comparisonText(published)}\n`);
  }
}

/** Which labels the annotations had, so that one that is missing is seen (failures A2). */
function labelCensus(
  seizures: Readonly<Record<string, number>>,
  excluded: Readonly<Record<string, number>>,
): string {
  const list = (byLabel: Readonly<Record<string, number>>) =>
    Object.entries(byLabel)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, seconds]) => `${label} ${seconds.toFixed(1)} s`)
      .join(', ');
  const left = list(excluded);
  return `seizures ${list(seizures) || 'none'}${left === '' ? '' : `; not trained on ${left}`}`;
}
