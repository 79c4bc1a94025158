import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadConfig, readEnvironment } from '../config/index.ts';
import { checksThere } from './checks-there.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-checks-there-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['auto', 60, /copying the cache to this machine's disk alone would take .* h of each attempt/],
  ['device', 60, null],
  ['auto', 1e12, null],
] as const)(
  'residency %s, an attempt of %d s: reads of a cache of 8 TB',
  async (residency, timeoutS, refusal) => {
    const cache = join(folder, `${residency}-${timeoutS}`);
    mkdirSync(join(cache, 'train'), { recursive: true });
    // It has no blocks: it reads as fast as memory, and 8 TB take more than half a minute all the same.
    writeFileSync(join(cache, 'train/a.npz'), '');
    truncateSync(join(cache, 'train/a.npz'), 8e12);
    const path = fileURLToPath(new URL('../../configs/modal/smoke.yaml', import.meta.url));
    const set = [`data.cache_dir=${cache}`, `data.residency=${residency}`, 'experiment.device=cpu'];
    const checks = checksThere({
      loaded: await loadConfig(path, { set, environment: readEnvironment({}) }),
      code: null,
      configHash: '',
      gpu: 'T4',
      results: folder,
      data: '/none',
      timeoutS,
      hasDrill: false,
      losses: null,
      program: [],
      root: '/none',
    });
    const found = Promise.resolve(checks.find(({ number }) => number === 6)!.find());
    if (refusal === null) expect(await found).toMatch(/MB\/s from the volume/);
    else await expect(found).rejects.toThrow(refusal);
  },
);
