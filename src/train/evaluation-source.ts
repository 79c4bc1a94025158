import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCache, listEntries, splitFolders } from '../cache/index.ts';
import { type Config, type Split, usableCores } from '../config/index.ts';
import { InputError } from '../errors.ts';

/** Recordings that are to be predicted and scored, as cache entries. */
export interface EvaluationSource extends AsyncDisposable {
  /** Of a cache the split; null for recordings that were not cached. */
  readonly split: Split | null;
  /** Relative names, in order. */
  readonly entries: readonly { readonly folder: string; readonly name: string }[];
  /** Recordings that cannot be used, with the reason. */
  readonly leftOut: readonly string[];
}

/** The splits to judge a detector on, the first that a cache has. */
export const JUDGED_ON: readonly Split[] = ['eval', 'dev', 'train'];

export interface SourceRequest {
  /** A cache folder, or recordings with annotations. */
  readonly data: string;
  readonly patientPattern: string | null;
  /** Splits of a whole cache, the first that is there; of others, what there is. */
  readonly preferred?: readonly Split[];
  readonly signal: AbortSignal;
  /** Told of each recording that is preprocessed first. */
  readonly onPreprocessed?: (done: number, all: number, name: string) => void;
}

/**
 * Cache entries below the folder; where there are none, entries built of its recordings in a temporary folder.
 *
 * @throws InputError `CACHE_*`, `DATA_*`
 */
export async function openSource(request: SourceRequest, config: Config): Promise<EvaluationSource> {
  const { data, preferred = JUDGED_ON } = request;
  const cached = await entriesBelow(data, preferred);
  if (cached.entries.length > 0)
    return { ...cached, leftOut: [], [Symbol.asyncDispose]: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'bgb-evaluate-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const [census] = await buildCache({
      dataDir: data,
      cacheDir: folder,
      split: 'eval',
      isUndivided: true,
      patientPattern: request.patientPattern ?? config.data.patient_pattern,
      validationSplit: null,
      seed: 0,
      settings: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
      labels: config.data.labels,
      limitFiles: null,
      jobs: usableCores(),
      signal: request.signal,
      onProgress: (done, all, { name }) => request.onPreprocessed?.(done, all, name),
    });
    const leftOut = [
      ...census!.rejected.map(({ reason }) => reason),
      ...census!.unlabelled.map((name) => `${name}: no annotation was found`),
      ...census!.duplicates.map(({ name, of }) => `${name}: it has the samples of ${of}`),
    ];
    const { entries } = await entriesBelow(folder, ['eval']);
    return { split: null, entries, leftOut, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    if (!(error instanceof InputError) || error.code !== 'DATA_PATIENT') throw error;
    throw new InputError(error.code, `${error.message} Here, --patient-pattern says it.`, { cause: error });
  }
}

/** Of one split where the folder is a whole cache. */
async function entriesBelow(data: string, preferred: readonly Split[]) {
  const splits = await splitFolders(data);
  const judged = preferred.map((wanted) => splits.find(([split]) => split === wanted));
  const [split, folder] = judged.find((found) => found !== undefined) ?? splits[0]!;
  return { split, entries: (await listEntries(folder)).map((name) => ({ folder, name })) };
}
