import { join } from 'node:path';
import { type LabelMap, labelRules } from '../annotations/index.ts';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { removeStaleTemporaries } from '../files/index.ts';
import { uniform } from '../random/index.ts';
import type { PreprocessingSettings } from '../signal/index.ts';
import { type BuildResult, entryPath } from './build.ts';
import { buildEntries } from './build-pool.ts';
import { type Census, censusOf, writeCensus } from './census.ts';
import { listRecordings, splitFolder } from './layout.ts';
import { patientOf } from './patient.ts';

export interface BuildOptions {
  readonly dataDir: string;
  readonly cacheDir: string;
  /** Which split the recordings are; null: by sub-folders train, dev, eval, else divided by patients. */
  readonly split: Split | null;
  /** Share of patients that go to dev where the corpus has no splits. */
  readonly validationSplit: number;
  readonly seed: number;
  readonly settings: PreprocessingSettings;
  /** `data.labels`: what labels mean that bgb does not know. */
  readonly labels?: LabelMap;
  /** At most so many recordings (BGB_LIMIT_FILES), or null. */
  readonly limitFiles: number | null;
  /** Recordings built at once, each on a thread of its own. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, result: BuildResult) => void;
}

/**
 * Builds the entries of all recordings below a folder, each atomically; can be interrupted and repeated at any
 * moment and then does only what is missing or has changed.
 *
 * @throws InputError `DATA_EMPTY` when there is no recording, or none can be used; `ANNOTATION_LABEL_MAP`
 */
export async function buildCache(options: BuildOptions): Promise<Census[]> {
  const { dataDir, signal, limitFiles, settings, labels = {}, onProgress } = options;
  // A map that cannot be is not the recordings' fault.
  labelRules(labels);
  const found = await listRecordings(dataDir);
  if (found.length === 0)
    throw new InputError(
      'DATA_EMPTY',
      `${dataDir} holds no recordings: expected .edf or .bdf files in it or below. Check --data-dir.`,
    );
  const tasks = assign(found.slice(0, limitFiles ?? found.length), options);
  refuseClashes(tasks, dataDir);
  for (const split of new Set(tasks.map(({ split }) => split)))
    await removeStaleTemporaries(splitFolder(options.cacheDir, split));
  let done = 0;
  const results = await buildEntries(
    tasks.map(({ split, name, root }) => ({
      dataDir: root,
      name,
      cacheDir: splitFolder(options.cacheDir, split),
      settings,
      labels,
    })),
    options.jobs,
    signal,
    (result) => onProgress(++done, tasks.length, result),
  );
  const bySplit = Map.groupBy(results.entries(), ([index]) => tasks[index]!.split);
  const censuses = [...bySplit].map(([split, built]) =>
    censusOf(
      split,
      splitFolder(options.cacheDir, split),
      built.map(([, result]) => result),
    ),
  );
  if (censuses.every(({ cached }) => cached === 0)) {
    const reasons = censuses.flatMap(({ rejected, unlabelled }) => [
      ...rejected.map(({ reason }) => reason),
      ...unlabelled.map((name) => `${name}: no annotation was found`),
    ]);
    throw new InputError(
      'DATA_EMPTY',
      `None of the ${tasks.length} recordings in ${dataDir} can be used:\n  ${reasons.slice(0, 10).join('\n  ')}${reasons.length > 10 ? `\n  and ${reasons.length - 10} more` : ''}`,
    );
  }
  for (const census of censuses) await writeCensus(census);
  return censuses;
}

/** Two recordings whose entries would be one file, such as a.edf and a.bdf (failures D10). */
function refuseClashes(tasks: readonly Assignment[], dataDir: string): void {
  const seen = new Map<string, string>();
  for (const { split, name } of tasks) {
    const path = entryPath({ cacheDir: split, name });
    const other = seen.get(path);
    if (other !== undefined)
      throw new InputError(
        'DATA_CLASH',
        `${other} and ${name} in ${dataDir} would share one cache entry. Rename or remove one of them.`,
      );
    seen.set(path, name);
  }
}

interface Assignment {
  readonly split: Split;
  /** Relative to `root`. */
  readonly name: string;
  readonly root: string;
}

function assign(names: readonly string[], options: BuildOptions): Assignment[] {
  const { dataDir, split, validationSplit, seed } = options;
  if (split !== null) return names.map((name) => ({ split, name, root: dataDir }));
  const official = names.map((name) => {
    const [folder, ...rest] = name.split('/');
    const known = folder === 'val' ? 'dev' : SPLITS.find((split) => split === folder);
    return known === undefined || rest.length === 0
      ? null
      : { split: known, name: rest.join('/'), root: join(dataDir, folder!) };
  });
  if (official.every((assignment) => assignment !== null)) return official;
  const dev = devPatients([...new Set(names.map(patientOf))], validationSplit, seed);
  return names.map((name) => ({ split: dev.has(patientOf(name)) ? 'dev' : 'train', name, root: dataDir }));
}

/** A seeded choice of whole patients (failures C1, C2); at least one stays for training. */
export function devPatients(patients: readonly string[], share: number, seed: number): Set<string> {
  const drawn = patients
    .toSorted()
    .map((patient, index) => ({ patient, draw: uniform(seed, SPLIT_DRAW, index) }))
    .sort((a, b) => a.draw - b.draw);
  const count = Math.min(Math.round(patients.length * share), patients.length - 1);
  return new Set(drawn.slice(0, Math.max(0, count)).map(({ patient }) => patient));
}

const SPLIT_DRAW = 2;
