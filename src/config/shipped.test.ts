import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { leavesOf, valueAt } from './tree.ts';

const folder = fileURLToPath(new URL('../../configs/', import.meta.url));

test('every shipped configuration loads', async () => {
  const paths = globSync(`${folder}**/*.yaml`).map((path) => path.slice(folder.length));
  expect(paths).toEqual(
    expect.arrayContaining([
      'local/train.yaml',
      'local/smoke.yaml',
      'modal/train_a100.yaml',
      'modal/smoke_a100.yaml',
    ]),
  );
  for (const path of paths) await expect(loadConfig(folder + path)).resolves.toBeDefined();
});

test('workstation and cloud differ in what the cloud is, and in nothing else', async () => {
  const [local, cloud] = await Promise.all(
    ['local/train.yaml', 'modal/train_a100.yaml'].map((path) => loadConfig(folder + path)),
  );
  const differing = leavesOf(cloud!.config)
    .filter(([field, value]) => JSON.stringify(valueAt(local!.config, field)) !== JSON.stringify(value))
    .map(([field, value]) => [field, value]);
  expect(differing).toEqual([
    ['data.data_dir', '/data/edf/train'],
    ['data.cache_dir', '/results/cache/tusz'],
    ['data.num_workers', 8],
    ['data.prefetch_factor', 4],
    ['training.batch_size', 64],
    ['evaluation.save_predictions', true],
    ['evaluation.save_plots', true],
    ['experiment.output_dir', '/results/tusz_a100'],
    ['experiment.cache_dir', '/results/cache/tusz'],
    ['logging.log_every_n_steps', 25],
    ['resources.max_memory_gb', 80],
  ]);
});

test('the workstation file means what the files in use mean', async () => {
  const shipped = (await loadConfig(`${folder}local/train.yaml`)).config;
  const inUse = (await loadConfig(fileURLToPath(new URL('./fixtures/local-train.yaml', import.meta.url))))
    .config;
  const differing = leavesOf(shipped)
    .filter(([field, value]) => JSON.stringify(valueAt(inUse, field)) !== JSON.stringify(value))
    .map(([field]) => field);
  // Wishes that change nothing are not shipped.
  expect(differing).toEqual(['preprocessing.use_mne', 'experiment.name', 'experiment.wandb.project']);
});
