import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Config, loadConfig } from '../config/index.ts';
import { liveTensors } from '../torch/index.ts';
import { liveAfterCollection } from '../torch/testing/collected.ts';
import { benchLoader, waitingShare } from './bench-loader.ts';
import { adviceOn } from './loader-advice.ts';
import { buildSampleCache, SMOKE } from './testing/sample-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => buildSampleCache(folder));

async function bench(set: string[], now: () => number, seconds = 0.05) {
  const { config } = await loadConfig(SMOKE, {
    set: [`data.cache_dir=${folder}`, 'resources.threads=1', ...set],
  });
  return benchLoader({ config, isManifestRebuildForced: false, say: () => undefined, seconds, now });
}

test('the windows source of training and real steps are measured; nothing is written, nothing stays', async () => {
  const before = readdirSync(folder, { recursive: true });
  const tensors = await liveAfterCollection();
  for (const residency of ['device', 'disk']) {
    const report = await bench([`data.residency=${residency}`, 'data.num_workers=2'], () =>
      performance.now(),
    );
    expect(report).toMatchObject({ device: 'cpu', residency, batch_size: 8, windows: 64, channels: 18 });
    const { loader, model } = report;
    expect(loader.windows_per_s).toBeCloseTo(loader.windows / loader.seconds, 9);
    expect(loader.windows).toBeLessThanOrEqual(8 * loader.batches);
    expect(model.windows).toBe(8 * model.steps);
    expect(report.headroom).toBeCloseTo(loader.windows_per_s / model.windows_per_s, 9);
    expect(report.advice.length === 0).toBe(report.headroom >= 1);
  }
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
  expect(liveTensors()).toBe(tensors);
});

test('a loader slower than the model comes with what would have to change', async () => {
  // A clock that a second goes by on each look: the loader looks after each batch, the model after all its steps.
  let seconds = 0;
  const report = await bench(['data.residency=disk'], () => 1000 * seconds++, 3);
  expect(report.model).toMatchObject({ steps: 3, windows: 24, seconds: 1 });
  expect(report.headroom).toBeLessThan(1);
  expect(report.waiting_share).toBeGreaterThan(0.5);
  expect(report.advice[0]).toMatch(/^Set data\.residency to auto or device: .* fit into half/);
});

test('asked for between two steps, a loader as fast as the model takes half of the time; ahead of them none', () => {
  expect(waitingShare(1, false)).toBe(0.5);
  expect(waitingShare(99, false)).toBe(0.01);
  expect(waitingShare(1, true)).toBe(0);
  expect(waitingShare(0.75, true)).toBe(0.25);
});

test('advice: another residency where the samples fit, more readers, pinned memory; else it says that nothing helps', () => {
  const GIB = 2 ** 30;
  const slow = {
    device: 'cuda',
    residency: 'disk',
    bytes: 32 * GIB,
    memory: { host: 48 * GIB, device: 40 * GIB },
    cores: 16,
    epochBatches: 1000,
  } as const;
  const config = (data: Partial<Config['data']>) =>
    ({
      data: { num_workers: 4, pin_memory: true, persistent_workers: true, ...data },
      resources: { max_memory_gb: null },
    }) as unknown as Config;
  expect(adviceOn(config({}), slow)).toEqual(['Raise data.num_workers from 4 to 16, the usable cores.']);
  expect(adviceOn(config({ num_workers: 0, pin_memory: false }), slow)).toEqual([
    expect.stringMatching(/from 0 to 16, the usable cores: with 0, windows are read between two steps/),
    expect.stringMatching(/pin_memory to true/),
  ]);
  expect(adviceOn(config({ persistent_workers: false }), { ...slow, epochBatches: 4 })).toEqual([
    expect.stringMatching(/persistent_workers to true: .* each epoch of 4 batches/),
  ]);
  expect(adviceOn(config({}), { ...slow, memory: { host: 128 * GIB, device: 40 * GIB } })[0]).toMatch(
    /residency to auto or host: 32\.0 GiB fit into half of the 128\.0 GiB of memory/,
  );
  expect(adviceOn(config({ num_workers: 16 }), slow)).toEqual([
    expect.stringMatching(/No setting is left that helps: the samples come from disk/),
  ]);
  expect(adviceOn(config({}), { ...slow, residency: 'host' })).toEqual([
    expect.stringMatching(/Use a GPU with more memory/),
  ]);
});
