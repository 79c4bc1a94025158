/** Builds a cache in a process of its own, to be killed: `build-sample.ts DATA CACHE`; a message after the first entry. */
import { buildCache } from '../build-cache.ts';
import { TEST_SETTINGS } from './settings.ts';

const [dataDir, cacheDir] = process.argv.slice(2) as [string, string];
await buildCache({
  dataDir,
  cacheDir,
  split: 'train',
  validationSplit: 0,
  seed: 1,
  settings: TEST_SETTINGS,
  limitFiles: null,
  jobs: 1,
  signal: new AbortController().signal,
  onProgress: (done) => {
    if (done === 1) process.send!('begun');
  },
});
