// A corpus of three recordings, caches of it and trainings on them, small enough for many in a test.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCache, scanSplit, splitFolder } from '../../cache/index.ts';
import { loadConfig } from '../../config/index.ts';
import { startTraining } from '../../train/index.ts';
import { SMOKE } from '../../train/testing/sample-cache.ts';

const SAMPLE = fileURLToPath(new URL('../../../data/sample/chb01/', import.meta.url));
export const RECORDINGS = ['chb01_03_clip', 'chb01_04_clip', 'chb01_15_clip'] as const;

const TINY = [
  'data.window_size=2',
  'data.stride=2',
  'model.encoder.channels=[4,8]',
  'model.rescnn.n_blocks=0',
  'model.mamba.n_layers=0',
  'training.epochs=1',
  'data.max_samples=null',
  'training.batch_size=16',
  'resources.threads=1',
];

/** What is done to a corpus before its cache is built. */
export interface CorpusChange {
  /** Recordings left out. */
  readonly without?: readonly string[];
  /** Seconds by which the end of a recording's seizure is moved. */
  readonly labelOf?: string;
  /** A recording whose samples are changed. */
  readonly samplesOf?: string;
  readonly limitFiles?: number;
}

/** Copies the corpus into `root/data` and builds its cache into `root/cache`. */
export async function makeCorpus(root: string, change: CorpusChange = {}): Promise<string> {
  const dataDir = join(root, 'data');
  await mkdir(dataDir, { recursive: true });
  for (const name of RECORDINGS.filter((each) => !change.without?.includes(each)))
    for (const ending of ['edf', 'csv_bi'])
      await cp(join(SAMPLE, `${name}.${ending}`), join(dataDir, `${name}.${ending}`));
  if (change.labelOf !== undefined) await earlierOnset(join(dataDir, `${change.labelOf}.csv_bi`));
  if (change.samplesOf !== undefined) await otherSamples(join(dataDir, `${change.samplesOf}.edf`));
  const { config } = await loadConfig(SMOKE);
  const cacheDir = join(root, 'cache');
  await buildCache({
    dataDir,
    cacheDir,
    split: 'train',
    validationSplit: 0,
    seed: 0,
    settings: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
    limitFiles: change.limitFiles ?? null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  await scanSplit(splitFolder(cacheDir, 'train'), { length: 512, stride: 512 });
  return cacheDir;
}

/** A seizure that begins a second earlier. */
async function earlierOnset(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const onset = /TERM,([\d.]+),[\d.]+,seiz/.exec(text)![1]!;
  await writeFile(path, text.replaceAll(onset, (Number(onset) - 1).toFixed(4)));
}

/** One second in the middle of the file, all channels, set to zero. */
async function otherSamples(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 20_000);
  await writeFile(path, bytes);
}

/** Trains a tiny model on a cache, to the end. */
export async function trainSmall(
  folder: string,
  cacheDir: string,
  { set = [] as readonly string[], root = fileURLToPath(new URL('../../..', import.meta.url)) } = {},
): Promise<string> {
  const loaded = await loadConfig(SMOKE, {
    set: [...TINY, `data.cache_dir=${cacheDir}`, `experiment.output_dir=${folder}`, ...set],
  });
  await startTraining({
    loaded,
    isResuming: false,
    isManifestRebuildForced: false,
    root,
    version: '0.1.0',
    writeLog: () => undefined,
    now: () => new Date(),
    interruption: () => null,
    place: null,
    onPort: () => undefined,
    onStart: () => undefined,
    onProgress: () => undefined,
  });
  return folder;
}
