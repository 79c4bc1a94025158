import { fileURLToPath } from 'node:url';
import { buildCache, scanSplit, splitFolder, type WindowShape } from '../../cache/index.ts';
import { loadConfig, type Split } from '../../config/index.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

export const SMOKE = path('configs/local/smoke.yaml');

/** A cache of the real sample for tests: chb01 to train on, chb03 as dev, windows of 4 s every 2 s. */
export async function buildSampleCache(
  cacheDir: string,
  {
    patients = { chb01: 'train', chb03: 'dev' },
    windows = { length: 1024, stride: 512 },
  }: { patients?: Readonly<Record<string, Split>>; windows?: WindowShape } = {},
): Promise<void> {
  const { config } = await loadConfig(SMOKE);
  for (const [patient, split] of Object.entries(patients)) {
    await buildCache({
      dataDir: path(`data/sample/${patient}`),
      cacheDir,
      split,
      validationSplit: 0,
      seed: 0,
      settings: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
      limitFiles: null,
      jobs: 1,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await scanSplit(splitFolder(cacheDir, split), windows);
  }
}
