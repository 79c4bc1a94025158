// A cache of the real sample for tests: chb01 to train on, windows of 1 s every second.
import { fileURLToPath } from 'node:url';
import { buildCache, scanSplit, splitFolder } from '../../cache/index.ts';
import { loadConfig } from '../../config/index.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

export const SMOKE = path('configs/local/smoke.yaml');

export async function buildSampleCache(cacheDir: string): Promise<void> {
  const { config } = await loadConfig(SMOKE);
  await buildCache({
    dataDir: path('data/sample/chb01'),
    cacheDir,
    split: 'train',
    validationSplit: 0,
    seed: 0,
    settings: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
    limitFiles: null,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  await scanSplit(splitFolder(cacheDir, 'train'), { length: 256, stride: 256 });
}
