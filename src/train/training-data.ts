import { labelRules } from '../annotations/index.ts';
import {
  listEntries,
  type Manifest,
  madeElsewhereNotice,
  type SplitLook,
  splitFolder,
  usableManifest,
} from '../cache/index.ts';
import { type Config, metricOf } from '../config/index.ts';
import {
  checkDisjoint,
  type Dataset,
  datasetOf,
  openWindows,
  type WindowSet,
  windowShapeOf,
} from '../data/index.ts';
import { InputError } from '../errors.ts';
import type { DataRecord } from '../runs/index.ts';
import { LEAST_SEIZURE_FREE_HOURS } from '../score/index.ts';
import { dataRecord, type OpenedSplit } from './data-record.ts';

/** What a training learns from and is judged on. */
export interface TrainingData {
  readonly train: Dataset;
  /** Whether the plain set stands in for the balanced one. */
  readonly isFallback: boolean;
  readonly manifest: Manifest;
  /** Windows that the manifest's file lists, and how many of them are in the cache (failures D4). */
  readonly hits: { readonly listed: number; readonly found: number };
  readonly dev: WindowSet | null;
  /** Content hashes, by split. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What all of it is, for the run folder. */
  readonly record: DataRecord;
}

/** How the cache is opened. */
interface Opening {
  readonly isRebuildForced?: boolean;
  /** At splits that were just looked at, so that their entries are not read again for it. */
  readonly looks?: readonly SplitLook[];
  readonly say?: (sentence: string) => void;
}

/**
 * Opens the train split and, where there is one, the dev split of the cache: checks that they were built with
 * these settings and share no patient. A manifest that does not fit is built again.
 *
 * @throws InputError `CACHE_*`, `DATA_*`, `ANNOTATION_LABEL_MAP`; `TRAIN_NO_DEV` for early stopping without a dev split
 */
export async function openTrainingData(config: Config, opening: Opening = {}): Promise<TrainingData> {
  const { say = () => undefined } = opening;
  const { data, training, experiment } = config;
  labelRules(data.labels);
  const opened = await openSplit(config, 'train', opening);
  const { manifest, set, references, missing } = opened;
  const devFolder = splitFolder(data.cache_dir, 'dev');
  const hasDev = (await listEntries(devFolder)).length > 0;
  if (!hasDev && training.early_stopping !== null)
    throw new InputError(
      'TRAIN_NO_DEV',
      `training.early_stopping watches ${training.early_stopping.metric} on the dev split, but ${devFolder} holds no cache entries. Build a dev split, or set training.early_stopping to null.`,
    );
  const openedDev = hasDev ? await openSplit(config, 'dev', opening) : null;
  const dev = openedDev?.set ?? null;
  const undefinedMetric = openedDev && undefinedRate(config, openedDev.manifest);
  if (undefinedMetric !== null) say(undefinedMetric);
  if (dev !== null)
    checkDisjoint({ name: 'train', patients: set.patients }, { name: 'dev', patients: dev.patients });
  const { dataset, isFallback } = datasetOf(set, experiment.seed, data);
  if (isFallback)
    say(
      `No window holds part of a seizure: the plain set stands in for the balanced one, as data.allow_unbalanced_fallback allows.`,
    );
  return {
    train: dataset,
    isFallback,
    manifest,
    hits: { listed: references, found: references - missing },
    dev,
    hashes: { train: set.dataHash, ...(dev && { dev: dev.dataHash }) },
    record: dataRecord(
      config,
      { train: opened, ...(openedDev && { dev: openedDev }) },
      { dataset, isFallback },
    ),
  };
}

/** What to say where early stopping watches a false-alarm rate that this dev split is too short for. */
function undefinedRate({ training }: Config, dev: Manifest): string | null {
  const metric = training.early_stopping?.metric ?? 'loss';
  if (metricOf(metric).kind !== 'sensitivity_at') return null;
  const excluded = Object.values(dev.excluded_labels ?? {}).reduce((sum, seconds) => sum + seconds, 0);
  const hours = (dev.recorded_s - dev.seizure_seconds - excluded) / 3600;
  if (hours >= LEAST_SEIZURE_FREE_HOURS) return null;
  return `early stopping watches ${metric}, which is undefined on this dev split: ${hours.toFixed(2)} h without seizures, at least ${LEAST_SEIZURE_FREE_HOURS} h are needed for such a rate. Nothing stops this training early, and the last epoch counts as the best. Set training.early_stopping.metric to average_precision, auroc, f1 or taes, or use a longer dev split.`;
}

/**
 * Opens one split of the cache, checked against the settings of the configuration; limits of bring-up hold for train.
 * A manifest that does not fit is built again.
 *
 * @throws InputError `CACHE_*`, `DATA_*`
 */
export async function openSplit(
  { data, preprocessing }: Config,
  split: 'train' | 'dev',
  { isRebuildForced = false, looks = [], say = () => undefined }: Opening = {},
): Promise<OpenedSplit> {
  const folder = splitFolder(data.cache_dir, split);
  const { manifest, references, missing } = await usableManifest(folder, windowShapeOf(data), {
    isRebuildForced,
    looks,
    say,
  });
  const limits = { maxSamples: data.max_samples, maxHours: data.max_hours };
  const set = openWindows(folder, manifest, split === 'train' ? limits : undefined, {
    preprocessing: { ...preprocessing, sampling_rate: data.sampling_rate },
    labels: data.labels,
  });
  if (set.places === null) say(madeElsewhereNotice(folder, set.madeElsewhere, set.recordings.length));
  return { manifest, set, references, missing };
}
